# The optional load balancer in front (var.edge). Without it, Firebase Hosting calls the functions.

locals {
  # Firebase's list of paths and functions, so that both fronts agree. Hosting takes the first pattern that fits and a
  # URL map the longest; a test compares what they choose.
  rewrites = jsondecode(file("${path.module}/../firebase.json")).hosting.rewrites
  called_paths = {
    for one in local.rewrites : one.run.serviceId => replace(one.source, "/**", "/*")... if can(one.run.serviceId)
  }

  public_ingress = coalesce(var.ingress, var.edge == null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB")
}

module "edge" {
  source = "./modules/edge"
  count  = var.edge == null ? 0 : 1

  lead       = local.lead
  title      = local.title
  project_id = var.project_id
  region     = var.region
  domain     = var.edge.domain
  site       = coalesce(var.edge.site, var.project_id)
  functions = {
    for name, paths in local.called_paths : name => { service = module.function[name].service, paths = paths }
  }
  requests_per_minute = var.edge.requests_per_minute
  sign_ins_per_minute = var.edge.sign_ins_per_minute

  depends_on = [google_project_service.required]
}
