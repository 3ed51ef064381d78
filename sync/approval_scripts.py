"""The Lua of `sync.approvals`: each decision in one step with its consequence and its audit entry.

In every script KEYS 1 to 5 are the approval, the team's pending ones, the cards, the inbox and the
audit stream, and ARGV 1 to 3 are the approval's id, who acts, and where (a message in Slack).
"""

from sync.audit import AUDIT_KEPT
from sync.state import LUA_NOW

_LOOK = (
    LUA_NOW
    + f"""
local function tell_card()
  redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 'approval', ARGV[1])
end
local function tell_thread(kind)
  local thread = redis.call('HGET', KEYS[1], 'thread')
  local body = cjson.encode({{approval = ARGV[1]}})
  redis.call('XADD', KEYS[4], '*', 'kind', kind, 'thread', thread, 'body', body)
end
local function note(what, who, detail)
  local digest = redis.call('HGET', KEYS[1], 'digest') or ''
  redis.call('XADD', KEYS[5], 'MAXLEN', '~', {AUDIT_KEPT}, '*', 'what', what, 'who', who,
             'subject', ARGV[1], 'digest', digest, 'where', ARGV[3], 'detail', detail)
end
local function look()
  local fields = redis.call('HMGET', KEYS[1], 'state', 'expires_ms')
  if fields[1] == 'pending' and now >= tonumber(fields[2]) then
    redis.call('HSET', KEYS[1], 'state', 'expired')
    redis.call('ZREM', KEYS[2], ARGV[1])
    tell_card()
    tell_thread('expired')
    note('expired', '', '')
    return 'expired'
  end
  return fields[1]
end
local function store(key, id, request, digest, life, keep, thread)
  redis.call('HSET', key, 'request', request, 'digest', digest, 'state', 'pending',
             'created_ms', now, 'expires_ms', now + life, 'thread', thread)
  redis.call('PEXPIRE', key, life + keep)
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1001)
  redis.call('ZADD', KEYS[2], now + life, id)
end
"""
)
"""``look()`` gives the state, expired by this look if its time is up."""

LOAD = (
    _LOOK
    + """
if not look() then return {} end
return redis.call('HGETALL', KEYS[1])
"""
)

REQUEST = (
    _LOOK
    + """
if not look() then
  store(KEYS[1], ARGV[1], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
  note('requested', ARGV[2], ARGV[9])
end
return redis.call('HGETALL', KEYS[1])
"""
)
"""ARGV 4 to 9: request, digest, life and keep in ms, thread, what is asked for."""

REVISE = (
    _LOOK
    + """
local state = look()
if not state then return 'unknown' end
if state == 'expired' then return state end
if state ~= 'pending' then return 'already_' .. state end
redis.call('HSET', KEYS[1], 'state', 'replaced', 'replaced_by', ARGV[10],
           'decided_by', ARGV[2], 'decided_ms', now)
redis.call('ZREM', KEYS[2], ARGV[1])
note('replaced', ARGV[2], ARGV[10])
tell_card()
store(KEYS[6], ARGV[10], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
ARGV[1] = ARGV[10]
redis.call('XADD', KEYS[5], '*', 'what', 'requested', 'who', ARGV[2], 'subject', ARGV[10],
           'digest', ARGV[5], 'where', ARGV[3], 'detail', ARGV[9])
tell_card()
return 'replaced'
"""
)
"""As `REQUEST` for the new one, whose key is KEYS 6 and whose id is ARGV 10."""

DECIDE = (
    _LOOK
    + """
local state = look()
local function refused(outcome)
  note('click_refused', ARGV[2], outcome .. ' ' .. ARGV[5])
  return outcome
end
if not state then return refused('unknown') end
if state == 'expired' then return refused(state) end
if state ~= 'pending' then return refused('already_' .. state) end
if redis.call('HGET', KEYS[1], 'digest') ~= ARGV[4] then return refused('changed') end
if ARGV[6] ~= '1' then return refused('not_allowed') end
if ARGV[12] ~= '' and ARGV[5] == 'approve' then
  local there = redis.call('HEXISTS', KEYS[9], ARGV[12])
  if there ~= (ARGV[14] == 'create' and 0 or 1) then return refused('changed') end
  if ARGV[15] ~= '' and redis.sha1hex(redis.call('HGET', KEYS[9], ARGV[12])) ~= ARGV[15] then
    return refused('changed')
  end
end
if ARGV[5] ~= 'approve' then
  local ended = ARGV[5] == 'withdraw' and 'withdrawn' or 'rejected'
  redis.call('HSET', KEYS[1], 'state', ended, 'decided_by', ARGV[2], 'decided_ms', now,
             'reason', ARGV[8])
  redis.call('ZREM', KEYS[2], ARGV[1])
  note(ended, ARGV[2], ARGV[8])
  tell_card()
  tell_thread('rejected')
  return ended
end
local yeses = cjson.decode(redis.call('HGET', KEYS[1], 'yeses') or '[]')
for _, user in ipairs(yeses) do
  if user == ARGV[2] then return refused('already_yours') end
end
yeses[#yeses + 1] = ARGV[2]
redis.call('HSET', KEYS[1], 'yeses', cjson.encode(yeses))
note('approved', ARGV[2], #yeses .. ' of ' .. ARGV[7])
tell_card()
if #yeses < tonumber(ARGV[7]) then return 'one_more' end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'approved', 'decided_by', ARGV[2], 'decided_ms', now)
if ARGV[12] ~= '' then
  if ARGV[13] == '' then
    redis.call('HDEL', KEYS[9], ARGV[12])
    redis.call('HDEL', KEYS[10], ARGV[12])
  else
    redis.call('HSET', KEYS[9], ARGV[12], ARGV[13])
    redis.call('HSET', KEYS[10], ARGV[12], cjson.encode(yeses))
  end
  note('schedule_changed', ARGV[2], ARGV[12])
  tell_thread('schedule_changed')
  return 'approved'
end
if ARGV[16] ~= '' then
  tell_thread('question_approved')
  return 'approved'
end
redis.call('HSET', KEYS[1], 'run_id', ARGV[9])
redis.call('HSET', KEYS[6], 'id', ARGV[9], 'approval', ARGV[1], 'state', 'queued',
           'queued_ms', now)
redis.call('PEXPIRE', KEYS[6], ARGV[10])
redis.call('ZADD', KEYS[7], now, ARGV[9])
redis.call('ZADD', KEYS[8], now, ARGV[9])
redis.call('ZREMRANGEBYRANK', KEYS[8], 0, -1 - ARGV[11])
return 'approved'
"""
)
"""ARGV 4 to 16: digest, verdict, whether the policy lets this person, how many yeses it takes, the
reason, then the run's id, life in ms and how many are listed, or a schedule's name, its new content
(empty: it goes), what is done to it, and the SHA-1 of what it was asked about; last, whether it is
a question, which leads to no run. A late yes neither
creates a schedule whose name was taken meanwhile, nor changes another one than was asked about, nor
brings back one that is gone. KEYS 6 to 10: the run, all open runs, the team's runs, its schedules,
who said yes to them."""

PENDING = (
    LUA_NOW + "return redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, '+inf', 'LIMIT', 0, ARGV[1])"
)

OVERDUE = LUA_NOW + "return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)"

ENDING = (
    LUA_NOW
    + """
local found = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, now + ARGV[1],
                               'LIMIT', 0, 1000)) do
  local kept = redis.call('HMGET', ARGV[2] .. id, 'reminded', 'reminding_ms')
  if not kept[1] and now - tonumber(kept[2] or '0') > tonumber(ARGV[3]) then
    redis.call('HSET', ARGV[2] .. id, 'reminding_ms', now)
    found[#found + 1] = id
  end
end
return found
"""
)
"""Those that end within ARGV 1 ms, of which nobody was reminded, nor is by somebody who was given
them in the last ARGV 3 ms; ARGV 2 begins their keys' names."""

REMINDED = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[1] == 'yes' then redis.call('HSET', KEYS[1], 'reminded', '1') end
return redis.call('HDEL', KEYS[1], 'reminding_ms')
"""
"""Notes whether people were reminded, or are to be by whoever asks next."""

REMEMBER_CARD = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'card', ARGV[1]) end
"""
