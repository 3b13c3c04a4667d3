# dist/<function>/ (from `npm run build`) goes to a bucket; Cloud Build makes the image with a service account of its
# own. It runs `npm ci`, because each folder has a lock file.

resource "google_storage_bucket" "sources" {
  name                        = "${var.project_id}-relais-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

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
  account_id   = "relais-build"
  display_name = "Relais: builds function images"

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "build" {
  for_each = toset([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
  ])

  project = var.project_id
  role    = each.key
  member  = google_service_account.build.member
}

# Cloud Functions copies each archive into a bucket that it creates with the first function, and the build reads that
# copy (github.com/hashicorp/terraform-provider-google/issues/20571 shows the error without this grant).
resource "google_project_iam_member" "build_reads_sources" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "relais-function-sources"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}\")"
  }
}
