package rowdec

// matrixLine is a type of docs/types.md with values at its limits.
type matrixLine struct {
	doc    string // the first column of its line in docs/types.md
	sql    string // the column's definition
	values []matrixValue
}

type matrixValue struct{ sql, json string }

// same is for values that read in JSON as they are written in SQL.
func same(values ...string) (out []matrixValue) {
	for _, v := range values {
		out = append(out, matrixValue{v, v})
	}
	return out
}

// quoted is for values that are strings in both.
func quoted(values ...string) (out []matrixValue) {
	for _, v := range values {
		out = append(out, matrixValue{"'" + v + "'", `"` + v + `"`})
	}
	return out
}

var matrix = []matrixLine{
	{"TINYINT", "TINYINT", same("-128", "-33", "-1", "0", "1", "127")},
	{"TINYINT", "TINYINT(1)", same("-128", "0", "1", "127")},
	{"TINYINT UNSIGNED", "TINYINT UNSIGNED", same("0", "128", "255")},
	{"SMALLINT", "SMALLINT", same("-32768", "-129", "0", "32767")},
	{"SMALLINT UNSIGNED", "SMALLINT UNSIGNED", same("0", "32768", "65535")},
	{"MEDIUMINT", "MEDIUMINT", same("-8388608", "-1", "0", "8388607")},
	{"MEDIUMINT UNSIGNED", "MEDIUMINT UNSIGNED", same("0", "8388608", "16777215")},
	{"INT", "INT", same("-2147483648", "-1", "0", "2147483647")},
	{"INT UNSIGNED", "INT UNSIGNED", same("0", "2147483648", "4294967295")},
	{"INT UNSIGNED", "INT(8) UNSIGNED ZEROFILL", same("0", "42", "4294967295")},
	{"BIGINT", "BIGINT", same("-9223372036854775808", "-1", "0", "9223372036854775807")},
	{"BIGINT UNSIGNED", "BIGINT UNSIGNED", same("0", "9223372036854775808", "18446744073709551615")},
	{"BIGINT UNSIGNED", "BIGINT ZEROFILL", same("0", "7")},
	{"DECIMAL", "DECIMAL(10,2)", []matrixValue{{"0", `"0.00"`}, {"-0.001", `"0.00"`}, {"-0.01", `"-0.01"`}, {"99999999.99", `"99999999.99"`}, {"-99999999.99", `"-99999999.99"`}, {"12.5", `"12.50"`}, {"1000000", `"1000000.00"`}}},
	{"DECIMAL", "DECIMAL(10,2) UNSIGNED ZEROFILL", []matrixValue{{"0", `"0.00"`}, {"12.5", `"12.50"`}}},
	{"DECIMAL", "DECIMAL(5,0)", []matrixValue{{"0", `"0"`}, {"-99999", `"-99999"`}, {"10", `"10"`}}},
	{"DECIMAL", "DECIMAL(9,9)", []matrixValue{{"0", `"0.000000000"`}, {"-0.999999999", `"-0.999999999"`}, {"0.000000001", `"0.000000001"`}}},
	{"DECIMAL", "DECIMAL(30,30)", []matrixValue{{"0.000000000000000000000000000001", `"0.000000000000000000000000000001"`}, {"-0.999999999999999999999999999999", `"-0.999999999999999999999999999999"`}}},
	{"DECIMAL", "DECIMAL(65,0)", quoted("99999999999999999999999999999999999999999999999999999999999999999", "-99999999999999999999999999999999999999999999999999999999999999999", "1000000000000000000000")},
	{"DECIMAL", "DECIMAL(65,30)", quoted("99999999999999999999999999999999999.999999999999999999999999999999", "-10000000000000000000000000000000000.000000000000000000000000000001", "1000000000.000000000000000000000000000000")},
	{"FLOAT", "FLOAT", []matrixValue{{"0", "0.0"}, {"0.1", "0.1"}, {"-1.5", "-1.5"}, {"16777216", "16777216.0"}, {"3.4028234e38", "3.4028235e+38"}, {"1.1754944e-38", "1.1754944e-38"}, {"1234567.8", "1234567.8"}}},
	{"FLOAT", "FLOAT(7,3) UNSIGNED", []matrixValue{{"0", "0.0"}, {"1234.567", "1234.567"}}},
	{"DOUBLE", "DOUBLE", []matrixValue{{"0", "0.0"}, {"0.1", "0.1"}, {"1e15", "1000000000000000.0"}, {"123456789012345678", "123456789012345680.0"}, {"-1.7976931348623157e308", "-1.7976931348623157e+308"}, {"2.2250738585072014e-308", "2.2250738585072014e-308"}, {"5e-324", "5e-324"}, {"0.30000000000000004", "0.30000000000000004"}}},
	{"DOUBLE", "DOUBLE(10,2)", []matrixValue{{"0.1", "0.1"}, {"12345678.9", "12345678.9"}}},
	{"DOUBLE", "REAL UNSIGNED ZEROFILL", []matrixValue{{"1.5", "1.5"}}},
	{"BIT(n)", "BIT(1)", []matrixValue{{"b'0'", "0"}, {"b'1'", "1"}}},
	{"BIT(n)", "BIT(10)", []matrixValue{{"b'1000000001'", "513"}}},
	{"BIT(n)", "BIT(63)", []matrixValue{{"9223372036854775807", "9223372036854775807"}}},
	{"BIT(64)", "BIT(64)", []matrixValue{{"b'0'", "0"}, {"18446744073709551615", "18446744073709551615"}}},
	{"BOOL", "BOOL", []matrixValue{{"TRUE", "1"}, {"FALSE", "0"}}},
	{"YEAR", "YEAR", []matrixValue{{"1901", "1901"}, {"2155", "2155"}, {"0", "0"}, {"'0000'", "0"}, {"2026", "2026"}}},
	{"DATE", "DATE", append(quoted("1000-01-01", "2026-02-28", "2024-02-29", "9999-12-31", "0001-01-01", "0000-01-01"), matrixValue{"'0000-00-00'", "null"}, matrixValue{"'2026-00-00'", "null"}, matrixValue{"'2026-05-00'", "null"}, matrixValue{"'0000-00-10'", "null"})},
	{"TIME", "TIME", quoted("00:00:00", "-00:00:01", "23:59:59", "99:59:59", "100:00:00", "838:59:59", "-838:59:59")},
	{"TIME(f)", "TIME(1)", quoted("00:00:00.0", "-00:00:00.1", "-00:00:01.0", "-00:00:01.9", "838:59:59.0")},
	{"TIME(f)", "TIME(3)", quoted("00:00:00.000", "-00:00:00.001", "-12:34:56.789", "12:00:00.500")},
	{"TIME(f)", "TIME(4)", quoted("-00:00:00.0001", "01:02:03.4567")},
	{"TIME(f)", "TIME(5)", quoted("-00:00:00.00001", "-00:59:59.99999")},
	{"TIME(f)", "TIME(6)", quoted("-00:00:00.000001", "-838:59:59.000000", "838:59:58.999999", "00:00:00.000000")},
	{"DATETIME", "DATETIME", []matrixValue{{"'1000-01-01 00:00:00'", `"1000-01-01T00:00:00"`}, {"'9999-12-31 23:59:59'", `"9999-12-31T23:59:59"`}, {"'0000-00-00 00:00:00'", "null"}, {"'2026-00-01 10:00:00'", "null"}, {"'2026-01-00 10:00:00'", "null"}}},
	{"DATETIME(f)", "DATETIME(1)", []matrixValue{{"'2026-01-02 03:04:05.1'", `"2026-01-02T03:04:05.1"`}, {"'0000-00-00 00:00:00'", "null"}}},
	{"DATETIME(f)", "DATETIME(2)", []matrixValue{{"'2026-01-02 03:04:05.12'", `"2026-01-02T03:04:05.12"`}}},
	{"DATETIME(f)", "DATETIME(3)", []matrixValue{{"'2026-01-02 03:04:05.12'", `"2026-01-02T03:04:05.120"`}, {"'2026-12-31 00:00:00'", `"2026-12-31T00:00:00.000"`}}},
	{"DATETIME(f)", "DATETIME(5)", []matrixValue{{"'2026-01-02 03:04:05.00001'", `"2026-01-02T03:04:05.00001"`}}},
	{"DATETIME(f)", "DATETIME(6)", []matrixValue{{"'9999-12-31 23:59:59.499999'", `"9999-12-31T23:59:59.499999"`}, {"'0000-01-01 00:00:00.000001'", `"0000-01-01T00:00:00.000001"`}}},
	{"TIMESTAMP", "TIMESTAMP NULL", []matrixValue{{"'1970-01-01 00:00:01'", `"1970-01-01T00:00:01Z"`}, {"'2038-01-19 03:14:07'", `"2038-01-19T03:14:07Z"`}, {"'2000-02-29 12:00:00'", `"2000-02-29T12:00:00Z"`}, {"'0000-00-00 00:00:00'", "null"}, {"'2026-06-01 02:30:00+02:00'", `"2026-06-01T00:30:00Z"`}}},
	{"TIMESTAMP(f)", "TIMESTAMP(4) NULL", []matrixValue{{"'2026-11-22 01:02:03.0405'", `"2026-11-22T01:02:03.0405Z"`}, {"'0000-00-00 00:00:00'", "null"}}},
	{"TIMESTAMP(f)", "TIMESTAMP(6) NULL", []matrixValue{{"'2038-01-19 03:14:07.499999'", `"2038-01-19T03:14:07.499999Z"`}, {"'1970-01-01 00:00:01.000000'", `"1970-01-01T00:00:01.000000Z"`}}},
	{"CHAR", "CHAR(10)", append(quoted("", "a", "ten chars!", "日本語", "🦀"), matrixValue{"'trail   '", `"trail"`}, matrixValue{"' lead'", `" lead"`})},
	{"CHAR", "CHAR(255)", quoted("", "ÿ")},
	{"CHAR", "CHAR(0)", quoted("")},
	{"CHAR", "CHAR(5) CHARACTER SET latin1", quoted("é€Ÿ", "")},
	{"VARCHAR", "VARCHAR(20)", append(quoted("", "a", "日本語 🦀", "trail  "), matrixValue{`'q"\\\n'`, `"q\"\\\n"`})},
	{"VARCHAR", "VARCHAR(300)", quoted("", "long enough for two bytes of length")},
	{"VARCHAR", "VARCHAR(255) CHARACTER SET utf8mb3", quoted("日本語", "")},
	{"VARCHAR", "VARCHAR(255) CHARACTER SET latin1", append(quoted("plain", "Grüße €5 — „ok“"), matrixValue{"CONVERT(x'818D8F909DFFA0' USING latin1)", "\"\u0081\u008d\u008f\u0090\u009dÿ\u00a0\""})},
	{"VARCHAR", "VARCHAR(20) CHARACTER SET ascii", quoted("plain", "")},
	{"TINYTEXT", "TINYTEXT", quoted("", "é")},
	{"TEXT", "TEXT", quoted("", "日本語")},
	{"TEXT", "TEXT CHARACTER SET latin1", quoted("", "naïve")},
	{"MEDIUMTEXT", "MEDIUMTEXT", quoted("", "x")},
	{"LONGTEXT", "LONGTEXT", append(quoted("", "x"), matrixValue{"''", `""`})},
	{"BINARY", "BINARY(4)", []matrixValue{{"x'00'", `"AAAAAA=="`}, {"''", `"AAAAAA=="`}, {"x'FF00'", `"/wAAAA=="`}, {"x'01020304'", `"AQIDBA=="`}, {"x'20202000'", `"ICAgAA=="`}}},
	{"VARBINARY", "VARBINARY(4)", []matrixValue{{"x'00'", `"AA=="`}, {"''", `""`}, {"x'FF0000'", `"/wAA"`}}},
	{"VARBINARY", "VARBINARY(1000)", []matrixValue{{"x'80'", `"gA=="`}}},
	{"TINYBLOB", "TINYBLOB", []matrixValue{{"x'00FF'", `"AP8="`}, {"''", `""`}}},
	{"BLOB", "BLOB", []matrixValue{{"x'00FF'", `"AP8="`}, {"''", `""`}}},
	{"MEDIUMBLOB", "MEDIUMBLOB", []matrixValue{{"x'00FF'", `"AP8="`}}},
	{"LONGBLOB", "LONGBLOB", []matrixValue{{"x'00FF'", `"AP8="`}, {"''", `""`}}},
	{"ENUM", "ENUM('a','it''s','日本','back\\\\slash','line\\nbreak')", append(quoted("a", "日本"), matrixValue{"'it''s'", `"it's"`}, matrixValue{"'nope'", `""`}, matrixValue{"4", `"back\\slash"`}, matrixValue{"5", `"line\nbreak"`})},
	{"ENUM", "ENUM('é','€') CHARACTER SET latin1", quoted("é", "€")},
	{"SET", "SET('a','b','c','d','e','f','g','h','i')", []matrixValue{{"''", `[]`}, {"'a'", `["a"]`}, {"'i,a,b'", `["a","b","i"]`}, {"511", `["a","b","c","d","e","f","g","h","i"]`}}},
	{"SET", "SET('é','it''s') CHARACTER SET latin1", []matrixValue{{"'it''s,é'", `["é","it's"]`}}},
	{"JSON", "JSON", []matrixValue{
		{"'null'", "null"}, {"'true'", "true"}, {"'[]'", "[]"}, {"'{}'", "{}"}, {`'"text"'`, `"text"`}, {"'-1'", "-1"},
		{"'18446744073709551615'", "18446744073709551615"}, {"'-9223372036854775808'", "-9223372036854775808"},
		{"'1.0'", "1.0"}, {"'0.1'", "0.1"}, {"'1e300'", "1e+300"}, {"CAST(CAST('1.50' AS DECIMAL(5,2)) AS JSON)", "1.50"},
		{"CAST(CAST('123456789012345678901234567890' AS DECIMAL(40,0)) AS JSON)", "123456789012345678901234567890"},
		{`'{"bb": [1, {"c": null}], "a": "日本 🦀"}'`, `{"a":"日本 🦀","bb":[1,{"c":null}]}`},
		{"JSON_ARRAY(CAST('2015-01-15 23:24:25' AS DATETIME), CAST('2015-01-15' AS DATE), CAST('-12:18:29.5' AS TIME(1)), x'00ff')",
			`["2015-01-15 23:24:25.000000","2015-01-15","-12:18:29.500000","base64:type15:AP8="]`},
	}},
	{"VECTOR", "VECTOR(3)", []matrixValue{{"STRING_TO_VECTOR('[1, -0.5, 3e38]')", "[1.0,-0.5,3e+38]"}}},
}
