// This is a file of its own because a bundle exports only `default` of a CommonJS package that is imported lazily.
import { GoogleAuth } from "google-auth-library";

/** Application Default Credentials for all services of this project. */
export const cloudAuth = (): GoogleAuth =>
  new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
