-- Disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- Drop index "usageevent_district_id_event_id" from table: "usage_events"
DROP INDEX `usageevent_district_id_event_id`;
-- Create index "usageevent_district_id_event_id_student_id" to table: "usage_events"
CREATE UNIQUE INDEX `usageevent_district_id_event_id_student_id` ON `usage_events` (`district_id`, `event_id`, `student_id`);
-- Create "new_account_hands" table
CREATE TABLE `new_account_hands` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `educator_id` integer NOT NULL, `hand_id` integer NOT NULL, `last_at` datetime NOT NULL, `ways` integer NOT NULL DEFAULT (3));
-- Copy rows from old table "account_hands" to new temporary table "new_account_hands"
INSERT INTO `new_account_hands` (`id`, `created_at`, `educator_id`, `hand_id`, `last_at`) SELECT `id`, `created_at`, `educator_id`, `hand_id`, `last_at` FROM `account_hands`;
-- Drop "account_hands" table after copying rows
DROP TABLE `account_hands`;
-- Rename temporary table "new_account_hands" to "account_hands"
ALTER TABLE `new_account_hands` RENAME TO `account_hands`;
-- Create index "accounthand_educator_id_hand_id" to table: "account_hands"
CREATE UNIQUE INDEX `accounthand_educator_id_hand_id` ON `account_hands` (`educator_id`, `hand_id`);
-- Enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
