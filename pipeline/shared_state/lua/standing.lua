-- What is known of one service, and the only ways in which its breaker changes; each script is this text and its own.
--
--   closed --failures--> open --cooldown over, a probe--> half-open --it went well--> closed, with one in flight
--                         ^                                  |
--                         +--------- the probe failed -------+
--
-- `probe_at_ms` is when the next probe may start: while open after the cooldown, while half-open after the lease of the
-- probe that is on its way.
local BREAKER, FLYING, COUNTS, VERSION = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local KEPT_MS = 7 * 24 * 3600 * 1000
local IS_TEXT = {state = true, probe = true, last_error = true}

local ask = cjson.decode(ARGV[1])
local standing, changes = {state = 'closed'}, {}

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local now = ask.now_ms or clock()

local stored = redis.call('HGETALL', BREAKER)
for i = 1, #stored, 2 do
  standing[stored[i]] = IS_TEXT[stored[i]] and stored[i + 1] or tonumber(stored[i + 1])
end

local function put(name, value)
  if standing[name] ~= value then
    standing[name] = value
    changes[name] = true
  end
end

-- An opening or a cut that lies ahead was told by another clock: nothing is known to be older than it.
for _, name in ipairs({'opened_ms', 'cut_ms'}) do
  if (standing[name] or 0) > now then put(name, nil) end
end

-- Last of all: what has changed, in one or two commands.
local function save()
  local set, gone = {}, {}
  for name in pairs(changes) do
    if standing[name] == nil then
      gone[#gone + 1] = name
    else
      set[#set + 1] = name
      set[#set + 1] = standing[name]
    end
  end
  if #gone > 0 then redis.call('HDEL', BREAKER, unpack(gone)) end
  if #set > 0 then
    redis.call('HSET', BREAKER, unpack(set))
    redis.call('PEXPIRE', BREAKER, KEPT_MS)
  end
end

local function become(state)
  put('state', state)
  redis.call('INCR', VERSION)
end

local function open(cooldown_ms)
  put('since_ms', standing.since_ms or now)
  put('opened_ms', now)
  put('epoch', (standing.epoch or 0) + 1)
  put('probe', nil)
  put('probe_at_ms', now + cooldown_ms)
  redis.call('DEL', COUNTS)
  become('open')
end

-- What was down is not flooded: one request in flight, and permits from before do not judge it. Where it was strained
-- while it went down says nothing of what it carries now: the window doubles.
local function close()
  for _, name in ipairs({'since_ms', 'probe', 'probe_at_ms', 'failures', 'good', 'threshold'}) do put(name, nil) end
  put('window', 1)
  put('cut_ms', now)
  redis.call('DEL', COUNTS)
  become('closed')
end
