-- Every row must be the same natively and under us. The last statement fails on purpose.
PRAGMA journal_mode = TRUNCATE;
PRAGMA page_size = 1024;
CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL, d BLOB);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
INSERT INTO t SELECT i, (i * 7919) % 1009, printf('row %05d %s', (i * 31337) % 5003, substr('abcdefghij', i % 10 + 1)), i / 7.0 - 100, CASE WHEN i % 5 = 0 THEN zeroblob(i % 50) ELSE NULL END FROM n;
COMMIT;
CREATE INDEX by_a ON t(a, c DESC);
CREATE UNIQUE INDEX by_b ON t(b, id);
SELECT count(*), sum(a), min(b), max(b), avg(c), total(length(d)) FROM t;
SELECT a, count(*), group_concat(id) FROM t GROUP BY a HAVING count(*) > 4 ORDER BY a LIMIT 20;
SELECT x.id, y.id, x.b FROM t x JOIN t y ON x.a = y.a AND x.id < y.id WHERE x.id % 500 = 3 ORDER BY x.id, y.id;
SELECT id, c, rank() OVER (PARTITION BY a % 10 ORDER BY c DESC), sum(c) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM t WHERE a < 5 ORDER BY id;
EXPLAIN QUERY PLAN SELECT * FROM t WHERE a = 5 AND c < 10 ORDER BY c DESC;
UPDATE t SET b = upper(b), c = c * 2 WHERE a BETWEEN 100 AND 300;
DELETE FROM t WHERE id % 7 = 0 OR b LIKE '%FGH%' AND c > 0;
SELECT count(*), sum(id), sum(c), total(instr(b, 'J')) FROM t;
SAVEPOINT s; DELETE FROM t; SELECT count(*) FROM t; ROLLBACK TO s; SELECT count(*) FROM t; RELEASE s;
SELECT i, collatz(i), hex(i), printf('%08.3f|%+d|%x|%,d', i / 3.0, i, i, i * 1000) FROM (SELECT id AS i FROM t WHERE id < 30);
SELECT 1 / 0, 7 / 2, -7 % 3, 9223372036854775807 + 1, 1e308 * 10, abs(-5), round(2.567, 2), 0.1 + 0.2, 1 << 40, ~5, 'a' || 1.5, typeof(2 / 2.0);
SELECT lower('ÀB'), length('héllo'), unicode('é'), char(233, 8364), quote('it''s'), replace('banana', 'an', 'AN'), trim('  x '), substr('hello', -3, 2), x'0102' < 'a', 'abc' GLOB '*[b-c]';
SELECT date('2024-02-29', '+1 year'), julianday('2000-01-01 12:00'), strftime('%Y-%W %j %H:%M', 1700000000, 'unixepoch'), time('12:34:56', '-90 minutes');
SELECT json_extract('{"a":[1,2,{"b":null,"c":1.5e3}]}', '$.a[2].c'), json_group_array(id) FROM t WHERE id < 10;
SELECT key, value, type FROM json_each('[1,"x",null,true,{"k":[]}]');
WITH RECURSIVE fib(n, a, b) AS (VALUES(1, 0, 1) UNION ALL SELECT n + 1, b, a + b FROM fib WHERE n < 90) SELECT n, a FROM fib WHERE n % 10 = 0;
WITH RECURSIVE xaxis(x) AS (VALUES(-2.0) UNION ALL SELECT x + 0.05 FROM xaxis WHERE x < 1.2),
  yaxis(y) AS (VALUES(-1.0) UNION ALL SELECT y + 0.1 FROM yaxis WHERE y < 1.0),
  m(iter, cx, cy, x, y) AS (SELECT 0, x, y, 0.0, 0.0 FROM xaxis, yaxis UNION ALL SELECT iter + 1, cx, cy, x * x - y * y + cx, 2.0 * x * y + cy FROM m WHERE (x * x + y * y) < 4.0 AND iter < 28),
  m2(iter, cx, cy) AS (SELECT max(iter), cx, cy FROM m GROUP BY cx, cy),
  a(t) AS (SELECT group_concat(substr(' .+*#', 1 + min(iter / 7, 4), 1), '') FROM m2 GROUP BY cy)
SELECT rtrim(t) FROM a;
CREATE TABLE log(what); CREATE TRIGGER after_update AFTER UPDATE ON t WHEN old.a <> new.a BEGIN INSERT INTO log VALUES(old.a || ' to ' || new.a); END;
UPDATE t SET a = a + 1 WHERE id BETWEEN 100 AND 110; SELECT * FROM log; CREATE VIEW v AS SELECT b, a FROM t WHERE a > 1000; SELECT count(*) FROM v;
PRAGMA integrity_check; VACUUM; PRAGMA page_count; PRAGMA integrity_check; SELECT count(*), sum(a) FROM t;
INSERT INTO t(id) VALUES(1);
