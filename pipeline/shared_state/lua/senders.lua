-- How many senders there are, ARGV[2] among them where it is given.
-- KEYS[1]: name -> when it was heard of last. ARGV[1]: now in ms, or nothing.
local ALIVE_MS = 5000

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - ALIVE_MS))
if ARGV[2] then
  redis.call('ZADD', KEYS[1], now, ARGV[2])
  redis.call('PEXPIRE', KEYS[1], ALIVE_MS)
end
return redis.call('ZCARD', KEYS[1])
