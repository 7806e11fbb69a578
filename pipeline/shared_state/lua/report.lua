-- What an attempt says of its service. KEYS[5]: the memory of its delivery, KEYS[6]: the latencies, without the minute.
local BUCKETS = 10
local LATENCIES_KEPT_MS = 10 * 60 * 1000
-- A window above this protects nobody.
local LARGEST_WINDOW = 4096

local permit, burden, policy = ask.permit, ask.burden, ask.policy
local before = standing.state
local is_late = permit.granted_ms < (standing.opened_ms or 0)

-- Whether the part of failures in the window, this attempt included, is too large.
local function fails_too_often()
  local bucket = math.floor(now * BUCKETS / policy.window_ms)
  local total, failed = 0, 0
  redis.call('HINCRBY', COUNTS, bucket .. (burden.fails and ':failed' or ':passed'), 1)
  redis.call('PEXPIRE', COUNTS, KEPT_MS)
  local counts = redis.call('HGETALL', COUNTS)
  for i = 1, #counts, 2 do
    local at, kind = string.match(counts[i], '^(%d+):(%a+)$')
    at = tonumber(at)
    if at <= bucket - BUCKETS or at > bucket then
      redis.call('HDEL', COUNTS, counts[i])
    else
      total = total + counts[i + 1]
      if kind == 'failed' then failed = failed + counts[i + 1] end
    end
  end
  return burden.fails and total >= policy.minimum and failed >= policy.ratio * total
end

local function judge()
  if permit.is_forced then return end
  if before == 'half-open' and standing.probe == permit.token then
    if burden.fails then
      put('failures', (standing.failures or 0) + 1)
      open(policy.cooldown_ms)
    else
      close()
    end
  elseif before == 'closed' and not is_late then
    put('failures', burden.fails and (standing.failures or 0) + 1 or nil)
    local is_enough
    if policy.mode == 'ratio' then
      is_enough = fails_too_often()
    else
      is_enough = (standing.failures or 0) >= policy.failures
    end
    if is_enough then open(policy.cooldown_ms) end
  end
end

-- The fleet's window: halved by strain, once per round, and grown by a clean round; a permit from before the last cut
-- says nothing about it.
local function pace()
  if permit.is_probe or permit.granted_ms < (standing.cut_ms or 0) then return end
  if burden.strains then
    local halved = (standing.window or redis.call('ZCOUNT', FLYING, '(' .. now, '+inf')) / 2
    put('window', math.max(1, math.floor(halved)))
    put('threshold', standing.window)
    put('cut_ms', now)
    put('good', nil)
  elseif burden.fails then
    put('good', nil)
  elseif standing.window then
    local good = (standing.good or 0) + 1
    if good < standing.window then
      put('good', good)
      return
    end
    local is_slow_start = standing.window < (standing.threshold or LARGEST_WINDOW + 1)
    local grown = is_slow_start and standing.window * 2 or standing.window + 1
    put('good', nil)
    put('window', grown <= LARGEST_WINDOW and grown or nil)
    if not standing.window then put('threshold', nil) end
  end
end

judge()
pace()
put('refusals', burden.refuses and (standing.refusals or 0) + 1 or nil)
if ask.error ~= '' then
  put('last_error', ask.error)
  put('last_error_ms', now)
end
save()

redis.call('ZREM', FLYING, permit.token)
if ask.remember_ms > 0 then redis.call('SET', KEYS[5], '1', 'PX', ask.remember_ms) end
local minute = KEYS[6] .. math.floor(now / 60000)
redis.call('HINCRBY', minute, ask.latency_below_ms, 1)
redis.call('PEXPIRE', minute, LATENCIES_KEPT_MS)

local was_in_order = before == 'closed' and standing.state == 'closed' and not is_late
local counts = permit.is_forced or not burden.fails or was_in_order
return {counts and 1 or 0, standing.state, standing.refusals or 0}
