/** The parts of a Dockerfile that tests check. Heredocs and other escape characters are not read. */
export interface Dockerfile {
  /** Those before the first stage, with their defaults; null: none. */
  readonly args: ReadonlyMap<string, string | null>
  readonly stages: readonly Stage[]
}

export interface Stage {
  readonly name: string
  /** As it is written: variables are not replaced. */
  readonly image: string
  /** The platform of its programs, as written; `null`: the image's own platform. */
  readonly platform: string | null
  readonly instructions: readonly Instruction[]
}

export interface Instruction {
  readonly keyword: string
  readonly value: string
}

/** Comments dropped, continued lines joined. */
const readInstructions = (text: string): readonly Instruction[] =>
  text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, keyword, value] = /^(\w+)\s+(.*)$/.exec(line) ?? []
      if (keyword === undefined || value === undefined) throw new Error(`not an instruction: ${line}`)
      return { keyword, value: value.trim() }
    })

export const parseDockerfile = (text: string): Dockerfile => {
  const args = new Map<string, string | null>()
  const stages: (Omit<Stage, 'instructions'> & { instructions: Instruction[] })[] = []
  for (const { keyword, value } of readInstructions(text)) {
    const stage = stages.at(-1)
    if (keyword === 'FROM') {
      const [, platform = null, image, name] =
        /^(?:--platform=(\S+)\s+)?(\S+)\s+AS\s+(\S+)$/.exec(value) ?? []
      if (image === undefined || name === undefined) throw new Error(`a stage without a name: ${value}`)
      stages.push({ name, image, platform, instructions: [] })
    } else if (stage === undefined) {
      const [name = '', fallback] = value.split('=')
      args.set(name, fallback ?? null)
    } else stage.instructions.push({ keyword, value })
  }
  return { args, stages }
}

/** Values of a stage's instructions of one kind, in their order. */
export const valuesOf = ({ instructions }: Stage, keyword: string): readonly string[] =>
  instructions.filter((instruction) => instruction.keyword === keyword).map(({ value }) => value)

/** NAME=value pairs of ENV or LABEL; the last of a name holds. */
export const pairsOf = (stage: Stage, keyword: 'ENV' | 'LABEL'): ReadonlyMap<string, string> =>
  new Map(
    valuesOf(stage, keyword)
      .flatMap((value) => [...value.matchAll(/([\w.]+)=("[^"]*"|\S+)/g)])
      .map(([, name = '', value = '']) => [name, value.replaceAll('"', '')]),
  )
