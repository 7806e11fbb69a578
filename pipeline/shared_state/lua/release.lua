-- A permit that was not used: as if it had not been asked for.
redis.call('ZREM', FLYING, ask.token)
if standing.state == 'half-open' and standing.probe == ask.token then
  put('probe', nil)
  put('probe_at_ms', now)
  become('open')
end
save()
