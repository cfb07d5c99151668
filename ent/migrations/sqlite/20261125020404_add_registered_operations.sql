-- Create "registered_operations" table
CREATE TABLE `registered_operations` (`id` integer NOT NULL PRIMARY KEY AUTOINCREMENT, `created_at` datetime NOT NULL, `sha256` text NOT NULL, `client` text NOT NULL, `name` text NOT NULL, `kind` text NOT NULL, `document` text NOT NULL);
-- Create index "registeredoperation_sha256_client" to table: "registered_operations"
CREATE UNIQUE INDEX `registeredoperation_sha256_client` ON `registered_operations` (`sha256`, `client`);
-- Create index "registeredoperation_client_name" to table: "registered_operations"
CREATE INDEX `registeredoperation_client_name` ON `registered_operations` (`client`, `name`);
