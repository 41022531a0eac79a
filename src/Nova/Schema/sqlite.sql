CREATE TABLE "aggregates" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_aggregates" PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NULL,
    "name" TEXT NOT NULL,
    "zone" TEXT NULL,
    "metadata" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NULL
);


CREATE TABLE "changes" (
    "revision" INTEGER NOT NULL CONSTRAINT "PK_changes" PRIMARY KEY AUTOINCREMENT,
    "at" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "resource_type" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "request_id" TEXT NOT NULL,
    "remote_address" TEXT NULL
);


CREATE TABLE "compute_hosts" (
    "name" TEXT NOT NULL CONSTRAINT "PK_compute_hosts" PRIMARY KEY,
    "number" INTEGER NOT NULL,
    "hypervisor_id" TEXT NOT NULL,
    "service_id" TEXT NOT NULL,
    "facts" TEXT NOT NULL,
    "disabled" INTEGER NOT NULL,
    "disabled_reason" TEXT NULL,
    "forced_down" INTEGER NOT NULL,
    "seen_at" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "guest_revision" INTEGER NOT NULL
);


CREATE TABLE "console_tokens" (
    "token_hash" TEXT NOT NULL CONSTRAINT "PK_console_tokens" PRIMARY KEY,
    "server_id" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "console_type" TEXT NOT NULL,
    "expires_at" TEXT NOT NULL
);


CREATE TABLE "flavors" (
    "id" TEXT NOT NULL CONSTRAINT "PK_flavors" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "vcpus" INTEGER NOT NULL,
    "ram_mib" INTEGER NOT NULL,
    "root_gib" INTEGER NOT NULL,
    "ephemeral_gib" INTEGER NOT NULL,
    "swap_mib" INTEGER NOT NULL,
    "rxtx_factor" REAL NOT NULL,
    "is_public" INTEGER NOT NULL,
    "description" TEXT NULL,
    "extra_specs" TEXT NOT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NULL,
    "generation" INTEGER NOT NULL
);


CREATE TABLE "guests" (
    "server_id" TEXT NOT NULL CONSTRAINT "PK_guests" PRIMARY KEY,
    "host" TEXT NOT NULL,
    "revision" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "power" INTEGER NOT NULL,
    "boots" INTEGER NOT NULL,
    "last_reboot" INTEGER NOT NULL,
    "spec" TEXT NOT NULL,
    "reported_generation" INTEGER NOT NULL,
    "reported_power" INTEGER NULL,
    "reported_error" TEXT NULL,
    "halted" TEXT NULL,
    "reported_at" TEXT NULL
);


CREATE TABLE "instance_actions" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_instance_actions" PRIMARY KEY AUTOINCREMENT,
    "server_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "start_time" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "message" TEXT NULL
);


CREATE TABLE "keypairs" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_keypairs" PRIMARY KEY AUTOINCREMENT,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "public_key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "created_at" TEXT NOT NULL
);


CREATE TABLE "once" (
    "name" TEXT NOT NULL CONSTRAINT "PK_once" PRIMARY KEY
);


CREATE TABLE "quota_limits" (
    "project_id" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "limit" INTEGER NOT NULL,
    CONSTRAINT "PK_quota_limits" PRIMARY KEY ("project_id", "resource")
);


CREATE TABLE "quota_locks" (
    "project_id" TEXT NOT NULL CONSTRAINT "PK_quota_locks" PRIMARY KEY,
    "counted" INTEGER NOT NULL
);


CREATE TABLE "quota_user_limits" (
    "project_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "resource" TEXT NOT NULL,
    "limit" INTEGER NOT NULL,
    CONSTRAINT "PK_quota_user_limits" PRIMARY KEY ("project_id", "user_id", "resource")
);


CREATE TABLE "saga_steps" (
    "saga_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "state" INTEGER NOT NULL,
    "output" TEXT NULL,
    "error" TEXT NULL,
    "started_at" TEXT NOT NULL,
    "finished_at" TEXT NOT NULL,
    CONSTRAINT "PK_saga_steps" PRIMARY KEY ("saga_id", "position")
);


CREATE TABLE "sagas" (
    "id" TEXT NOT NULL CONSTRAINT "PK_sagas" PRIMARY KEY,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "resource" TEXT NOT NULL,
    "active_resource" TEXT NULL,
    "state" INTEGER NOT NULL,
    "parameters" TEXT NOT NULL,
    "request_id" TEXT NOT NULL,
    "project_id" TEXT NULL,
    "user_id" TEXT NULL,
    "error" TEXT NULL,
    "abort_requested" INTEGER NOT NULL,
    "owner" TEXT NULL,
    "lease_until" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
);


CREATE TABLE "server_groups" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_server_groups" PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NULL,
    "name" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "policy" TEXT NOT NULL,
    "max_per_host" INTEGER NULL,
    "created_at" TEXT NOT NULL,
    "generation" INTEGER NOT NULL
);


CREATE TABLE "server_tags" (
    "server_id" TEXT NOT NULL,
    "tag" TEXT NOT NULL,
    CONSTRAINT "PK_server_tags" PRIMARY KEY ("server_id", "tag")
);


CREATE TABLE "servers" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_servers" PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NULL,
    "project_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NULL,
    "hostname" TEXT NOT NULL,
    "reservation_id" TEXT NOT NULL,
    "launch_index" INTEGER NOT NULL,
    "image_id" TEXT NOT NULL,
    "image_format" TEXT NOT NULL,
    "key_name" TEXT NULL,
    "flavor_id" TEXT NOT NULL,
    "vcpus" INTEGER NOT NULL,
    "ram_mib" INTEGER NOT NULL,
    "disk_gib" INTEGER NOT NULL,
    "vm_state" TEXT NOT NULL,
    "task_state" TEXT NULL,
    "power_state" INTEGER NOT NULL,
    "host" TEXT NULL,
    "availability_zone" TEXT NULL,
    "pinned_zone" TEXT NULL,
    "access_ip_v4" TEXT NULL,
    "access_ip_v6" TEXT NULL,
    "locked_by" TEXT NULL,
    "locked_reason" TEXT NULL,
    "user_data" TEXT NULL,
    "config_drive" INTEGER NOT NULL,
    "auto_disk_config" INTEGER NOT NULL,
    "progress" INTEGER NOT NULL,
    "addresses" TEXT NOT NULL,
    "scheduler_hints" TEXT NULL,
    "guest_password" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL,
    "launched_at" TEXT NULL,
    "terminated_at" TEXT NULL,
    "deleted" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "fault" TEXT NULL,
    "files" TEXT NULL,
    "flavor" TEXT NOT NULL,
    "image_properties" TEXT NOT NULL,
    "key" TEXT NULL,
    "metadata" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "nics" TEXT NOT NULL,
    "trusted_certificates" TEXT NULL
);


CREATE TABLE "aggregate_hosts" (
    "aggregate_number" INTEGER NOT NULL,
    "host" TEXT NOT NULL,
    CONSTRAINT "PK_aggregate_hosts" PRIMARY KEY ("aggregate_number", "host"),
    CONSTRAINT "FK_aggregate_hosts_aggregates_aggregate_number" FOREIGN KEY ("aggregate_number") REFERENCES "aggregates" ("number") ON DELETE CASCADE
);


CREATE TABLE "flavor_projects" (
    "flavor_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    CONSTRAINT "PK_flavor_projects" PRIMARY KEY ("flavor_id", "project_id"),
    CONSTRAINT "FK_flavor_projects_flavors_flavor_id" FOREIGN KEY ("flavor_id") REFERENCES "flavors" ("id") ON DELETE CASCADE
);


CREATE TABLE "instance_action_events" (
    "number" INTEGER NOT NULL CONSTRAINT "PK_instance_action_events" PRIMARY KEY AUTOINCREMENT,
    "action_number" INTEGER NOT NULL,
    "event" TEXT NOT NULL,
    "start_time" TEXT NOT NULL,
    "finish_time" TEXT NULL,
    "result" TEXT NULL,
    "host" TEXT NULL,
    "details" TEXT NULL,
    CONSTRAINT "FK_instance_action_events_instance_actions_action_number" FOREIGN KEY ("action_number") REFERENCES "instance_actions" ("number") ON DELETE CASCADE
);


CREATE TABLE "server_group_members" (
    "server_id" TEXT NOT NULL CONSTRAINT "PK_server_group_members" PRIMARY KEY,
    "group_number" INTEGER NOT NULL,
    "host" TEXT NULL,
    CONSTRAINT "FK_server_group_members_server_groups_group_number" FOREIGN KEY ("group_number") REFERENCES "server_groups" ("number") ON DELETE CASCADE
);


CREATE INDEX "aggregate_hosts_by_host" ON "aggregate_hosts" ("host");


CREATE UNIQUE INDEX "aggregates_id" ON "aggregates" ("id");


CREATE UNIQUE INDEX "aggregates_name" ON "aggregates" ("name");


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE UNIQUE INDEX "compute_hosts_hypervisor" ON "compute_hosts" ("hypervisor_id");


CREATE UNIQUE INDEX "compute_hosts_service" ON "compute_hosts" ("service_id");


CREATE INDEX "console_tokens_by_expiry" ON "console_tokens" ("expires_at");


CREATE UNIQUE INDEX "flavors_name" ON "flavors" ("name");


CREATE INDEX "guests_by_host" ON "guests" ("host", "revision");


CREATE INDEX "guests_halted" ON "guests" ("reported_at") WHERE halted IS NOT NULL;


CREATE INDEX "instance_action_events_by_action" ON "instance_action_events" ("action_number");


CREATE INDEX "instance_actions_by_request" ON "instance_actions" ("server_id", "request_id");


CREATE INDEX "instance_actions_by_server" ON "instance_actions" ("server_id", "number");


CREATE UNIQUE INDEX "keypairs_name" ON "keypairs" ("user_id", "name");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");


CREATE INDEX "server_group_members_by_group" ON "server_group_members" ("group_number");


CREATE INDEX "server_groups_by_project" ON "server_groups" ("project_id", "number");


CREATE UNIQUE INDEX "server_groups_id" ON "server_groups" ("id");


CREATE INDEX "server_tags_by_tag" ON "server_tags" ("tag");


CREATE INDEX "servers_by_age" ON "servers" ("deleted", "created_at", "number");


CREATE INDEX "servers_by_change" ON "servers" ("updated_at");


CREATE INDEX "servers_by_host" ON "servers" ("host", "deleted");


CREATE INDEX "servers_by_project" ON "servers" ("project_id", "deleted", "created_at", "number");


CREATE INDEX "servers_by_usage" ON "servers" ("project_id", "deleted", "user_id", "vcpus", "ram_mib");


CREATE UNIQUE INDEX "servers_id" ON "servers" ("id");


