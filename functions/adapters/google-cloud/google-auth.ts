// A file of its own, loaded on first use: of a CommonJS package that is itself loaded so, a bundle hands on nothing but `default`.
import { GoogleAuth } from "google-auth-library";

/** Application Default Credentials, for all that this project's services ask for. */
export const cloudAuth = (): GoogleAuth =>
  new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
