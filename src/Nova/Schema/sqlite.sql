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


CREATE TABLE "flavor_projects" (
    "flavor_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    CONSTRAINT "PK_flavor_projects" PRIMARY KEY ("flavor_id", "project_id"),
    CONSTRAINT "FK_flavor_projects_flavors_flavor_id" FOREIGN KEY ("flavor_id") REFERENCES "flavors" ("id") ON DELETE CASCADE
);


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE UNIQUE INDEX "flavors_name" ON "flavors" ("name");


CREATE UNIQUE INDEX "keypairs_name" ON "keypairs" ("user_id", "name");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");


