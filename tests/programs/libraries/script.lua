-- What an interpreter does all day; every line printed must be the same natively and under us.

local function line(...)
  local all = table.pack(...)
  for i = 1, all.n do all[i] = type(all[i]) == "number" and math.type(all[i]) == "float" and string.format("%.14g", all[i]) or tostring(all[i]) end
  print(table.concat(all, " "))
end

-- Numbers.
line(7 // 2, -7 // 2, 7 % -3, -7 % 3, 7 / 2, 2 ^ 0.5, 1e308 * 10, -1e308 * 10, 3 | 8, 5 ~ 3, ~0, 1 << 63, 1 << 64, -1 >> 1)
line(math.maxinteger + 1 == math.mininteger, math.mininteger // -1, math.tointeger(3.0), math.ult(1, -1), 5.5 // 1, -5.5 % 2)
line(math.floor(-2.5), math.ceil(-2.5), math.fmod(-7, 3), math.sqrt(2), math.sin(1), math.exp(1), math.log(10, 2), math.pi)
line(string.format("%d %5.2f %g %x %q %s %-5s| %a", 42, 3.14159, 1e100, 255, "a\nb\0c", "str", "ab", 0.5))
line(tonumber("0x1p4"), tonumber("  12  "), tonumber("1e1"), tonumber("z", 36), tonumber("9223372036854775808"), tonumber("abc"))
math.randomseed(42)
line(math.random(1, 100), math.random(1, 100), math.random(0), math.random())

-- Strings and patterns.
local text = ("The quick brown fox jumps over the lazy dog. "):rep(3)
line(#text, text:find("fox"), text:match("(%a+) dog"), text:gsub("%w+", string.upper))
line(text:gsub("o", {o = "0"}), ("k=v, a=b"):gsub("(%w)=(%w)", "%2=%1"), ("%bxy"):find("%", 1, true), ("f(a(b)c)d"):match("%b()"))
for word, at in ("one two  three"):gmatch("(%a+)()") do line(word, at) end
line(string.pack("<i4 >i2 z s1 d", 100000, -2, "zero", "len", 1.5):byte(1, -1))
line(string.unpack("<i4 >i2 z s1", string.pack("<i4 >i2 z s1", 100000, -2, "zero", "len")))
line(("x"):rep(3, ","), ("abc"):reverse(), ("abc"):sub(-2), ("\u{48}\u{20AC}\u{10FFFF}"):len(), utf8.len("\u{48}\u{20AC}"), utf8.char(72, 8364, 0x10000))
for p, c in utf8.codes("a\u{e9}\u{4e2d}") do line(p, c) end

-- Tables, sorting, closures, metatables.
local numbers = {}
local state = 12345
for i = 1, 5000 do state = (state * 1103515245 + 12345) % 2147483648 numbers[i] = state % 10007 end
table.sort(numbers)
line(numbers[1], numbers[2500], numbers[5000], #numbers)
table.sort(numbers, function(a, b) return a % 100 < b % 100 or (a % 100 == b % 100 and a > b) end)
line(numbers[1], numbers[2500], numbers[5000], table.concat(numbers, ",", 1, 10))
table.move(numbers, 1, 100, 50)
line(table.remove(numbers), table.remove(numbers, 1), select("#", table.unpack(numbers, 1, 200)))
local vector = {}
vector.__index = vector
vector.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, vector) end
vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
vector.__lt = function(a, b) return a.x < b.x end
vector.__tostring = function(v) return "(" .. v.x .. ", " .. v.y .. ")" end
vector.__call = function(v, k) return v[k] end
vector.__concat = function(a, b) return tostring(a) .. "|" .. tostring(b) end
vector.__len = function() return 2 end
local v = setmetatable({x = 1, y = 2}, vector)
line(v + v, v == v + v, v < v + v, v("y"), v .. v, #v)
local function counter() local n = 0 return function(by) n = n + (by or 1) return n end end
local a, b = counter(), counter()
line(a(), a(10), b(), a())
local closed = {}
do local c <close> = setmetatable({}, {__close = function() closed[#closed + 1] = "closed" end}) end
line(#closed, closed[1])

-- Loads and recursion, garbage, and loops that go on for a while.
line(load("local x <const> = 6 return x * 7, ...", "chunk", "t")(1, nil, 3))
local function ackermann(m, n) if m == 0 then return n + 1 elseif n == 0 then return ackermann(m - 1, 1) end return ackermann(m - 1, ackermann(m, n - 1)) end
line(ackermann(2, 9))
local function queens(n, row, columns, down, up)
  if row > n then return 1 end
  local found = 0
  for c = 1, n do
    if not columns[c] and not down[row + c] and not up[row - c] then
      columns[c], down[row + c], up[row - c] = true, true, true
      found = found + queens(n, row + 1, columns, down, up)
      columns[c], down[row + c], up[row - c] = nil, nil, nil
    end
  end
  return found
end
line(queens(7, 1, {}, {}, {}))
local garbage = setmetatable({}, {__mode = "k"})
for i = 1, 50000 do garbage[{i}] = ("s"):rep(i % 100) .. i end
collectgarbage()
line(next(garbage))
local sieve, primes = {}, 0
for i = 2, 50000 do
  if not sieve[i] then primes = primes + 1 for j = i * i, 50000, i do sieve[j] = true end end
end
line(primes)
local sum = 0.0
for i = 1, 200000 do
  if i % 3 == 0 then goto continue end
  sum = sum + math.sin(i) * (i & 7) / i
  ::continue::
end
line(string.format("%.12f", sum))
local word = {}
for i = 1, 3000 do word[("key" .. i * 7919 % 3001)] = i end
local total, count = 0, 0
for k, n in pairs(word) do total, count = total + n * #k, count + 1 end
line(total, count)
