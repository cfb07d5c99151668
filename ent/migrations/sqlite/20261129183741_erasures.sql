-- Create "erasures" table
CREATE TABLE `erasures` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `district_id` integer NOT NULL, `organization_id` integer NOT NULL, `student_id` integer NOT NULL, `reference` text NOT NULL, `actor` json NOT NULL, `requested_by` text NOT NULL, `enrollments` integer NOT NULL DEFAULT (0), `state` text NOT NULL DEFAULT ('REQUESTED'), `jobs_total` integer NOT NULL DEFAULT (0), `jobs_done` integer NOT NULL DEFAULT (0), `at_job` integer NOT NULL DEFAULT (0), `at_step` integer NOT NULL DEFAULT (0), `at_row` integer NOT NULL DEFAULT (0), `through_job` integer NOT NULL DEFAULT (0), `again` json NULL, `certificate` json NULL, `finished_at` datetime NULL);
-- Create index "erasure_state" to table: "erasures"
CREATE INDEX `erasure_state` ON `erasures` (`state`);
-- Create index "erasure_student_id" to table: "erasures"
CREATE INDEX `erasure_student_id` ON `erasures` (`student_id`);
-- Create "taken_answers" table
CREATE TABLE `taken_answers` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `educator_id` integer NOT NULL, `day` integer NOT NULL, `answers` integer NOT NULL DEFAULT (0));
-- Create index "takenanswer_educator_id_day" to table: "taken_answers"
CREATE UNIQUE INDEX `takenanswer_educator_id_day` ON `taken_answers` (`educator_id`, `day`);
-- Create index "takenanswer_day" to table: "taken_answers"
CREATE INDEX `takenanswer_day` ON `taken_answers` (`day`);
