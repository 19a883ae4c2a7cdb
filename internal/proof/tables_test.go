package proof

import "fmt"

// seriesSQL numbers rows from 1 in a statement of the form INSERT … WITH … SELECT.
func seriesSQL(n int) string {
	return fmt.Sprintf("WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT ", n)
}

// The tables: an integer key, a composite one, one of odd strings, and one with types that are written in their own ways. journal has no key, so
// each of its rows must be one document and never two.
func (w *world) create(rows int) {
	w.t.Helper()
	w.sql(
		"SET SESSION cte_max_recursion_depth = 1000000",
		"CREATE TABLE ints (id INT PRIMARY KEY, v BIGINT NOT NULL, note VARCHAR(200))",
		"CREATE TABLE pairs (a SMALLINT UNSIGNED, b VARCHAR(20), v INT NOT NULL, PRIMARY KEY (b, a))",
		"CREATE TABLE names (k VARCHAR(400) PRIMARY KEY, v INT NOT NULL, long_text MEDIUMTEXT)",
		"CREATE TABLE kinds (id BIGINT UNSIGNED PRIMARY KEY, j JSON, d DECIMAL(20,4), at DATETIME(3), ts TIMESTAMP(6) NULL, e ENUM('x','y z'), s SET('a','b','c'), raw VARBINARY(40))",
		"CREATE TABLE journal (n BIGINT NOT NULL, line TEXT)",
		"INSERT INTO ints "+seriesSQL(rows)+"n, n * 7, CONCAT('note ', n) FROM s",
		"INSERT INTO pairs "+seriesSQL(rows)+"n % 60000, CONCAT('b', n % 50), n FROM s",
		"INSERT INTO names "+seriesSQL(rows/10)+"CONCAT('first ', n), n, REPEAT('x', n % 100) FROM s",
		"INSERT INTO kinds "+seriesSQL(rows)+`n, JSON_OBJECT('n', n), n / 8, '2026-01-02 03:04:05.120', '2026-03-29 01:30:00.000001', 'y z', 'a,c', X'00FF' FROM s`,
		"INSERT INTO journal "+seriesSQL(rows/10)+"n, 'at first' FROM s",
	)
}
