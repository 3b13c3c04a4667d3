# What the deploy command, Hosting's configuration and the playbooks build on.

output "redirect_uri" {
  description = "Enter this value, exactly as it is, as an authorised redirect URI of the OAuth client."
  value       = "${var.public_url}/google_gmail/confirm"
}

output "function_uris" {
  value = { for name, f in module.function : name => f.uri }
}

output "hosting" {
  description = "What Hosting's rewrites name: the region, and the Cloud Run service of each function that people and programs call."
  value = {
    region   = var.region
    services = { for name, f in local.functions : name => local.services[name] if f.public }
  }
}

output "names" {
  description = "What this installation's parts are called in the project, by their names in Relais."
  value = {
    services = local.services
    database = google_firestore_database.records.name
    topics   = { for topic in local.topics : topic => google_pubsub_topic.this[topic].name }
    secrets  = { for name, secret in google_secret_manager_secret.this : name => secret.secret_id }
    ticks    = { for name, job in google_cloud_scheduler_job.tick : name => job.name }
    images   = google_artifact_registry_repository.images.repository_id
    sources  = google_storage_bucket.sources.name
  }
}

output "services_without_invoker_check" {
  description = "With public_access = invoker_check_off: the services whose check the deploy command switches off after each apply (gcloud run services update SERVICE --region REGION --no-invoker-iam-check)."
  value       = var.public_access == "invoker_check_off" ? [for name, f in local.functions : local.services[name] if f.public] : []
}

output "quota" {
  description = "What all functions need of the region at most: their instances' CPU and memory."
  value = {
    cpu = sum([for size in local.sizes : size.max_instances * tonumber(size.cpu)])
    memory_gib = sum([
      for size in local.sizes : size.max_instances * tonumber(trimsuffix(trimsuffix(size.memory, "Gi"), "Mi")) / (endswith(size.memory, "Gi") ? 1 : 1024)
    ])
  }
}

output "edge" {
  description = "The load balancer in front, if there is one: the address for the domain's DNS record of type A, the certificate that Google makes once the record is there, and the endpoint group of the console."
  value       = one([for edge in module.edge : { address = edge.address, certificate = edge.certificate, console_group = edge.console_group }])
}

output "environment" {
  description = "What commands that run on a laptop need in order to reach this installation."
  value       = local.base_environment
}
