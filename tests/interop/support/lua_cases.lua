-- SPDX-License-Identifier: MIT
-- Cases in Lua: a table of functions by name, run in the order of their names.

local lua_cases = {}

function lua_cases.equal(got, wanted)
    if got ~= wanted then
        got, wanted = tostring(got):sub(1, 99), tostring(wanted):sub(1, 99)
        error(("got %s, wanted %s"):format(got, wanted), 2)
    end
end

--- Ends the program: with 0 when none failed.
function lua_cases.run(cases)
    local names, failed = {}, 0
    for name in pairs(cases) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
        local is_fine, fault = xpcall(cases[name], function(what)
            return debug.traceback(tostring(what), 2)
        end)
        print((is_fine and "ok    " or "FAIL  ") .. name .. (is_fine and "" or "\n" .. fault))
        failed = failed + (is_fine and 0 or 1)
    end
    os.exit(failed == 0 and 0 or 1, true)
end

return lua_cases
