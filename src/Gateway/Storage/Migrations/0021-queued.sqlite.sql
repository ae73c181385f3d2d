-- One more state: queued, a job that waits for its turn. A constraint that becomes wider changes no row, so the table is not built again
-- (https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
pragma writable_schema = on;
update sqlite_schema set sql = replace(sql, '[RFSVUW]', '[QRFSVUW]') where type = 'table' and name = 'reservation';
pragma writable_schema = reset;
