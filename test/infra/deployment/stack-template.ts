import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** A resource of a CloudFormation template, with a type of properties that its reader knows. */
export interface TemplateResource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
}
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>
}

export const STACKS = ['svd-storage', 'svd-pipeline'] as const
export type StackName = (typeof STACKS)[number]
export type Templates = Readonly<Record<StackName, StackTemplate>>

const fileOf = (dir: string, stack: StackName): string => path.join(dir, `${stack}.template.json`)

/** Templates of a folder that `cdk synth` wrote. */
export const readTemplates = async (dir: string): Promise<Templates> => {
  const read = async (stack: StackName) => JSON.parse(await readFile(fileOf(dir, stack), 'utf8'))
  return { 'svd-storage': await read('svd-storage'), 'svd-pipeline': await read('svd-pipeline') }
}

export const writeTemplates = async (dir: string, templates: Templates): Promise<void> => {
  for (const stack of STACKS) await writeFile(fileOf(dir, stack), JSON.stringify(templates[stack]))
}

/** Each resource of the type, with the properties that `change` makes of its own. */
export const changeResources = (
  { Resources, ...rest }: StackTemplate,
  type: string,
  change: (properties: TemplateResource['Properties']) => TemplateResource['Properties'],
): StackTemplate => ({
  ...rest,
  Resources: Object.fromEntries(
    Object.entries(Resources).map(([id, resource]) => [
      id,
      resource.Type === type ? { ...resource, Properties: change(resource.Properties) } : resource,
    ]),
  ),
})

export const logicalIdsOf = ({ Resources }: StackTemplate, type: string): readonly string[] =>
  Object.keys(Resources).filter((id) => Resources[id]?.Type === type)
