-- May this attempt start? KEYS[5]: the memory of its delivery.
local function answer()
  if redis.call('EXISTS', KEYS[5]) == 1 then return {'known'} end

  local is_probe = standing.state ~= 'closed' and not ask.ignore_breaker
  if is_probe then
    -- A cooldown that was shortened, or a clock that went back, keeps nobody waiting for longer than today's cooldown,
    -- and a probe that never ends for longer than its lease.
    local most_ms = standing.state == 'open' and ask.cooldown_ms or ask.lease_ms
    put('probe_at_ms', math.min(standing.probe_at_ms or 0, now + most_ms))
    local wait_ms = math.max(0, (standing.probe_at_ms or 0) - now)
    if not ask.is_probe or (wait_ms > 0 and standing.probe ~= ask.token) then return {'open', wait_ms} end
    put('probe', ask.token)
    put('probe_at_ms', now + ask.lease_ms)
    become('half-open')
  end

  redis.call('ZREMRANGEBYSCORE', FLYING, '-inf', now)
  -- What ends later than anything that started now was told by a clock that went back: it may never end.
  local last_end = now + math.floor(ask.most_reserved_us / 1000) + ask.lease_ms
  if not is_probe and standing.window and redis.call('ZCOUNT', FLYING, '-inf', last_end) >= standing.window then
    return {'full'}
  end

  -- GCRA without bursts: `free_us` is the first slot that nobody has, never further ahead than this rate can have
  -- put it: a rate that was slower, or a clock that went back, holds nobody up.
  local delay_us = 0
  if not is_probe and ask.interval_us > 0 then
    local now_us = now * 1000
    local slot_us = math.min(standing.free_us or 0, now_us + ask.most_reserved_us + ask.interval_us)
    delay_us = math.max(0, slot_us - now_us)
    if delay_us > ask.most_reserved_us then return {'later', delay_us - ask.most_reserved_us} end
    put('free_us', now_us + delay_us + ask.interval_us)
  end

  redis.call('ZADD', FLYING, now + math.floor(delay_us / 1000) + ask.lease_ms, ask.token)
  redis.call('PEXPIRE', FLYING, KEPT_MS)
  return {'permit', now, delay_us, is_probe and 1 or 0}
end

if ask.first_seen_ms then put('head_ms', ask.first_seen_ms) end
local answered = answer()
save()
return answered
