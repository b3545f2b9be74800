/** `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG` or `…@sha256:…`. */
export const ECR_IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^:@]+)(?::|@)(.+)$/
