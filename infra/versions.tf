terraform {
  # 1.11 knows write-only values.
  required_version = ">= 1.11"

  required_providers {
    google  = { source = "hashicorp/google", version = ">= 6.50, < 8" }
    archive = { source = "hashicorp/archive", version = "~> 2.7" }
    time    = { source = "hashicorp/time", version = "~> 0.12" }
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = merge(var.labels, { app = "relais" })
}

data "google_project" "this" {
  project_id = var.project_id
}
