// Emoji by the names Slack gives them: those the product sends, and a few people react with.

const SIGNS = {
  eyes: "👀", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", no_entry: "⛔", lock: "🔒",
  unlock: "🔓", hourglass: "⌛", hourglass_flowing_sand: "⏳", repeat: "🔁", rotating_light: "🚨", wrench: "🔧",
  thought_balloon: "💭", page_facing_up: "📄", leftwards_arrow_with_hook: "↩️", bar_chart: "📊",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", mag: "🔍", bulb: "💡", duck: "🦆", wave: "👋",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", tada: "🎉", pray: "🙏", heart: "❤️", raised_hands: "🙌",
  rocket: "🚀", fire: "🔥", bell: "🔔", no_bell: "🔕", calendar: "📅", date: "📅", clock3: "🕒", alarm_clock: "⏰",
  pause_button: "⏸️", double_vertical_bar: "⏸️", arrow_forward: "▶️", stop_button: "⏹️", octagonal_sign: "🛑",
  arrows_counterclockwise: "🔄", pencil2: "✏️", memo: "📝", package: "📦", file_folder: "📁", link: "🔗",
  information_source: "ℹ️", question: "❓", exclamation: "❗", grey_question: "❔", large_green_circle: "🟢",
  large_yellow_circle: "🟡", large_orange_circle: "🟠", red_circle: "🔴", white_circle: "⚪", black_circle: "⚫",
  large_blue_circle: "🔵", slightly_smiling_face: "🙂", smile: "😄", thinking_face: "🤔", robot_face: "🤖",
  speech_balloon: "💬", key: "🔑", shield: "🛡️", globe_with_meridians: "🌐", house: "🏠", gear: "⚙️", star: "⭐",
  sparkles: "✨", zap: "⚡", broom: "🧹", scroll: "📜", ledger: "📒", dart: "🎯", point_right: "👉", ok_hand: "👌",
};

/** What one may react with from the page. */
export const REACTIONS = ["eyes", "white_check_mark", "thumbsup", "thumbsdown", "heart", "tada", "pray", "thinking_face"];

/** The sign of that name, or the name between colons where this page does not know it. */
export function emoji(name) {
  return SIGNS[name] ?? `:${name}:`;
}
