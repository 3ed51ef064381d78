// The few words that are the page's own, in the language of whoever looks.

const WORDS = {
  ko: {
    workspace: "샌드박스",
    people: "나는",
    channels: "채널",
    direct: "앱과 메시지",
    app: "앱",
    home: "홈",
    messages: "메시지",
    thread: "스레드",
    replies: (n) => `댓글 ${n}개`,
    last: (t) => `마지막 ${t}`,
    close: "닫기",
    back: "뒤로",
    cancel: "취소",
    more: "더 보기",
    send: "보내기",
    save: "저장",
    write: (place) => `${place}에 메시지 보내기`,
    reply: "댓글 달기",
    react: "반응 더하기",
    attach: "파일 붙이기",
    drop: "여기에 놓으면 붙습니다",
    shortcuts: "바로 가기",
    remove: "빼기",
    edit: "메시지 수정",
    delete: "메시지 삭제",
    edited: "(수정됨)",
    only: "나만 볼 수 있음",
    unknown: (kind) => `이 페이지가 모르는 블록: ${kind}`,
    empty: "아직 메시지가 없습니다.",
    noHome: "앱이 홈에 아무것도 두지 않았습니다.",
    required: "꼭 채워야 합니다.",
    length: (least, most) => `${least}자에서 ${most}자까지 쓸 수 있습니다.`,
    choose: "고르기",
    page: (n, all) => `${n} / ${all}쪽`,
    next: "다음",
    before: "이전",
    download: "받기",
    joined: (who) => `${who} 님이 들어왔습니다.`,
    away: "샌드박스에 닿지 않습니다. 다시 잇는 중…",
    today: "오늘",
    yesterday: "어제",
    tomorrow: "내일",
    noCommand: (c) => `없는 명령입니다: ${c}`,
    noThread: "스레드에서는 명령을 쓸 수 없습니다.",
    late: "앱이 제때 답하지 않았습니다.",
    refused: (why) => `슬랙이 거절했습니다: ${why}`,
    failed: (why) => `되지 않았습니다: ${why}`,
    stop: "멈추기",
    working: "일하는 중…",
    unread: "읽지 않음",
    archived: "보관된 채널입니다.",
    external: "다른 회사와 함께 쓰는 채널",
    picture: "그림은 밖에서 가져오지 않습니다",
    file: (n) => `${n} 바이트`,
    prompts: "이렇게 물어보세요",
  },
  en: {
    workspace: "Sandbox",
    people: "I am",
    channels: "Channels",
    direct: "Apps and messages",
    app: "APP",
    home: "Home",
    messages: "Messages",
    thread: "Thread",
    replies: (n) => (n === 1 ? "1 reply" : `${n} replies`),
    last: (t) => `last ${t}`,
    close: "Close",
    back: "Back",
    cancel: "Cancel",
    more: "More actions",
    send: "Send",
    save: "Save",
    write: (place) => `Message ${place}`,
    reply: "Reply",
    react: "Add a reaction",
    attach: "Attach a file",
    drop: "Drop to attach",
    shortcuts: "Shortcuts",
    remove: "Remove",
    edit: "Edit message",
    delete: "Delete message",
    edited: "(edited)",
    only: "Only visible to you",
    unknown: (kind) => `A block this page does not know: ${kind}`,
    empty: "No messages yet.",
    noHome: "The app has put nothing on its Home tab.",
    required: "This has to be filled in.",
    length: (least, most) => `Takes ${least} to ${most} characters.`,
    choose: "Choose",
    page: (n, all) => `Page ${n} of ${all}`,
    next: "Next",
    before: "Previous",
    download: "Download",
    joined: (who) => `${who} joined.`,
    away: "The sandbox cannot be reached. Trying again…",
    today: "today",
    yesterday: "yesterday",
    tomorrow: "tomorrow",
    noCommand: (c) => `${c} is not a command here.`,
    noThread: "Commands do not work in threads.",
    late: "The app did not answer in time.",
    refused: (why) => `Slack refused: ${why}`,
    failed: (why) => `That did not work: ${why}`,
    stop: "Stop",
    working: "is working…",
    unread: "unread",
    archived: "This channel is archived.",
    external: "Shared with another company",
    picture: "Pictures are not fetched from outside",
    file: (n) => `${n} bytes`,
    prompts: "Ask like this",
  },
};

let language = "ko";

/** Speak as the person's Slack does. */
export function speak(locale) {
  language = locale.startsWith("ko") ? "ko" : "en";
  document.documentElement.lang = language;
}

/** A word of the page's own. */
export function say(name, ...given) {
  const words = WORDS[language][name];
  return typeof words === "function" ? words(...given) : words;
}

/** A number as the person writes it. */
export function figure(value) {
  return new Intl.NumberFormat(language, { maximumFractionDigits: 10 }).format(value);
}

/** A moment in the browser's zone, by Intl's options. */
export function moment(seconds, options) {
  return new Intl.DateTimeFormat(language, options).format(new Date(seconds * 1000));
}

/** The clock time of a message. */
export function clock(ts) {
  return moment(Number(ts), { hour: "numeric", minute: "2-digit" });
}

/** Slack's date tokens, as in `{date_short_pretty} {time}`; an unknown token stays as it is. */
export function slackDate(epoch, format) {
  const day = { year: "numeric", month: "short", day: "numeric" };
  const long = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
  const plain = { year: "numeric", month: "long", day: "numeric" };
  const number = () => moment(epoch, { year: "numeric", month: "2-digit", day: "2-digit" });
  const pretty = (otherwise) => () => relativeDay(epoch) ?? otherwise();
  const tokens = {
    date_num: () => new Intl.DateTimeFormat("sv", {}).format(new Date(epoch * 1000)),
    date_slash: number,
    date: () => moment(epoch, plain),
    date_short: () => moment(epoch, day),
    date_long: () => moment(epoch, long),
    date_pretty: pretty(() => moment(epoch, plain)),
    date_short_pretty: pretty(() => moment(epoch, day)),
    date_long_pretty: pretty(() => moment(epoch, long)),
    time: () => moment(epoch, { hour: "numeric", minute: "2-digit" }),
    time_secs: () => moment(epoch, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
    ago: () => moment(epoch, { ...day, hour: "numeric", minute: "2-digit" }),
  };
  return format.replace(/\{(\w+)\}/g, (token, name) => (tokens[name] ? tokens[name]() : token));
}

function relativeDay(epoch) {
  const dayOf = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((dayOf(new Date(epoch * 1000)) - dayOf(new Date())) / 86_400_000);
  return { 0: say("today"), [-1]: say("yesterday"), 1: say("tomorrow") }[days];
}
