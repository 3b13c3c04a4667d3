# Every name that must be unique in a project starts with one of these, so that several installations fit into one. A
# test applies two and compares what they own.

locals {
  lead         = var.prefix == "" ? "" : "${var.prefix}-"
  account_lead = var.prefix == "" ? "relais-" : "${var.prefix}-"
  # Ids of roles take no hyphen.
  role_lead = var.prefix == "" ? "relais" : "${var.prefix}Relais"
  # For names that people read.
  title = var.prefix == "" ? "Relais" : "Relais ${var.prefix}"

  database = coalesce(var.firestore_database, var.prefix == "" ? "(default)" : "relais-${var.prefix}")
}
