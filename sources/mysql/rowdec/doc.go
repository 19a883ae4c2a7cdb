// Package rowdec turns MySQL rows into msgpack records, straight from the wire: the row images of binlog rows
// events, and the text cells of a SELECT. Both give the same bytes for the same row (docs/types.md has the forms).
//
// A Plan is compiled once for a table definition and used for every row of it; decoding a row allocates nothing.
//
// What is known of the formats comes from MySQL's own documentation of Table_map_event and Rows_event
// (dev.mysql.com, "MySQL Server Doxygen", namespace mysql::binlog::event), of json_binary.h, and from asking the
// real server: the tests compare what it logs with what it prints.
package rowdec
