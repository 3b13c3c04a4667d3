# What Cloud Logging does not keep.

# Google sends people back to the callback with a code in the URL, and Cloud Run logs URLs. A code is worth nothing
# without the client's secret, and once only, but it belongs in no log.
resource "google_logging_project_exclusion" "callbacks" {
  name        = "${local.lead}relais-callbacks"
  description = "${local.title}: requests whose URL contains the code of a consent"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.services["confirm-callback"]}\" AND log_id(\"run.googleapis.com/requests\")"

  depends_on = [google_project_service.required]
}

# A load balancer in front logs URLs as well, and those of redirects to https, which reach no function.
resource "google_logging_project_exclusion" "edge_callbacks" {
  count = var.edge == null ? 0 : 1

  name        = "${local.lead}relais-edge-callbacks"
  description = "${local.title}: requests to the load balancer whose URL contains the code of a consent"
  filter      = "resource.type=\"http_load_balancer\" AND httpRequest.requestUrl:\"/google_gmail\""

  depends_on = [google_project_service.required]
}
