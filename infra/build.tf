# dist/<function>/ (from `npm run build`) goes to a bucket; Cloud Build makes the image with a service account of its
# own. It runs `npm ci`, because each folder has a lock file.

resource "google_storage_bucket" "sources" {
  name                        = "${var.project_id}-${local.lead}relais-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # It holds only what a build of the same commit makes again.
  force_destroy = true

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age                = 90
      with_state         = "ARCHIVED"
      num_newer_versions = 3
    }
  }
  versioning {
    enabled = true
  }

  dynamic "encryption" {
    for_each = var.kms_keys.regional[*]
    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [google_kms_crypto_key_iam_member.agent]
}

data "archive_file" "source" {
  for_each = local.functions

  type        = "zip"
  source_dir  = "${path.root}/../dist/${each.key}"
  output_path = "${path.root}/.terraform/archives/${each.key}.zip"
  # The archive depends on the files' contents alone, on every operating system.
  output_file_mode = "0644"
}

# The name contains the content's hash, so a changed bundle is a new object, which redeploys the function.
resource "google_storage_bucket_object" "source" {
  for_each = local.functions

  name   = "${each.key}/${data.archive_file.source[each.key].output_md5}.zip"
  bucket = google_storage_bucket.sources.name
  source = data.archive_file.source[each.key].output_path
}

resource "google_service_account" "build" {
  account_id   = "${local.account_lead}build"
  display_name = "${local.title}: builds function images"

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# The functions' images. In a new project, functions that are made at once would race for making Google's default
# repository (github.com/firebase/firebase-tools/issues/5244).
resource "google_artifact_registry_repository" "images" {
  repository_id = "${local.lead}relais-images"
  description   = "${local.title}: images of functions"
  location      = var.region
  format        = "DOCKER"
  kms_key_name  = var.kms_keys.regional

  # Cloud Run keeps a copy of what a revision runs. Recent images allow a roll-back without a build.
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

resource "google_artifact_registry_repository_iam_member" "build_writes_images" {
  repository = google_artifact_registry_repository.images.repository_id
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Cloud Functions copies each archive into a bucket that it creates with the first function, and the build reads that
# copy (github.com/hashicorp/terraform-provider-google/issues/20571 shows the error without this grant).
resource "google_project_iam_member" "build_reads_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "${local.lead}relais-function-sources"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}\")"
  }
}

# Google takes a minute or two to apply new rights, and a build that starts earlier fails.
resource "time_sleep" "build_rights" {
  create_duration = "90s"

  depends_on = [
    google_project_iam_member.build_logs,
    google_project_iam_member.build_reads_sources,
    google_artifact_registry_repository_iam_member.build_writes_images,
  ]
}
