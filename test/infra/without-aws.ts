/**
 * Environment of this process without its settings of an AWS account. npm's own settings stay, because the
 * registry may be another than the usual one.
 */
export const withoutAws = (): Readonly<Record<string, string | undefined>> => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name))),
  AWS_CONFIG_FILE: '/nowhere',
  AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  AWS_EC2_METADATA_DISABLED: 'true',
  NO_COLOR: '1',
})
