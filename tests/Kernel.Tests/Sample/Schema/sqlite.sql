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


CREATE TABLE "notes" (
    "id" TEXT NOT NULL CONSTRAINT "PK_notes" PRIMARY KEY,
    "project_id" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "color" TEXT NULL,
    "created_at" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "generation" INTEGER NOT NULL
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


CREATE INDEX "changes_by_resource" ON "changes" ("resource_id");


CREATE INDEX "changes_by_time" ON "changes" ("at");


CREATE INDEX "IX_notes_project_id_created_at_id" ON "notes" ("project_id", "created_at", "id");


CREATE INDEX "sagas_by_resource" ON "sagas" ("resource", "state");


CREATE INDEX "sagas_by_state" ON "sagas" ("state", "lease_until");


CREATE UNIQUE INDEX "sagas_one_per_resource" ON "sagas" ("active_resource");


