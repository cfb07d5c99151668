-- Modify "account_hands" table
ALTER TABLE `account_hands` ADD COLUMN `ways` tinyint NOT NULL DEFAULT 3;
-- Modify "usage_events" table
ALTER TABLE `usage_events` DROP INDEX `usageevent_district_id_event_id`, ADD UNIQUE INDEX `usageevent_district_id_event_id_student_id` (`district_id`, `event_id`, `student_id`);
