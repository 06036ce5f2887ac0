-- Makes wrk send as many requests at once as its first argument says.
init = function(args)
  local deep = {}
  for i = 1, tonumber(args[1]) do deep[i] = wrk.format() end
  all = table.concat(deep)
end

request = function() return all end
