terraform {
  required_version = ">= 1.9"

  required_providers {
    google  = { source = "hashicorp/google", version = ">= 6.50, < 8" }
    archive = { source = "hashicorp/archive", version = "~> 2.7" }
  }
}

provider "google" {
  project        = var.project_id
  region         = var.region
  default_labels = { app = "relais" }
}

data "google_project" "this" {
  project_id = var.project_id
}
