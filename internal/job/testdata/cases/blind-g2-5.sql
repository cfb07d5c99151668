INSERT INTO students (id, first_name) VALUES ('00101', 'Ada');
