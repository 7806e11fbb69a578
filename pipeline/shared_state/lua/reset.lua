-- By hand: closed, and nothing held against the service.
close()
for _, name in ipairs({'window', 'threshold', 'refusals'}) do put(name, nil) end
save()
