-- Modify "losses" table
ALTER TABLE `losses` ADD COLUMN `left_at` datetime(6) NULL;
-- Modify "students" table
ALTER TABLE `students` ADD COLUMN `gone_at` datetime(6) NULL;
-- Create "former_schools" table
CREATE TABLE `former_schools` (`id` bigint NOT NULL AUTO_INCREMENT, `created_at` datetime(6) NOT NULL, `student_id` bigint NOT NULL, `organization_id` bigint NOT NULL, `came_at` datetime(6) NULL, PRIMARY KEY (`id`), INDEX `formerschool_created_at` (`created_at`), INDEX `formerschool_organization_id_created_at` (`organization_id`, `created_at`), UNIQUE INDEX `formerschool_student_id_organization_id` (`student_id`, `organization_id`)) CHARSET utf8mb4 COLLATE utf8mb4_bin;
