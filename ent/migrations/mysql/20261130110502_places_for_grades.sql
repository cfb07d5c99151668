-- PK was -1 and K is 0. TK comes between them.
UPDATE `students` SET `grade` = -3 WHERE `grade` = -1;
