import { execa } from 'execa'
import { z } from 'zod'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

const PROBE = `
import json, platform, diffusers, torch, transformers
versions = {"torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__}
print(json.dumps({"versions": {**versions, "python": platform.python_version()}, "threads": torch.get_num_threads()}))
`

const pythonSideSchema = z.object({
  versions: z.record(z.string(), z.string()),
  /** The number of threads that torch takes by default. */
  threads: z.int().positive(),
})

export type PythonSide = z.infer<typeof pythonSideSchema>

/** Throws InvalidInputError if that Python cannot run the reference. */
export const readPythonSide = async (python: string): Promise<PythonSide> => {
  const { stdout, stderr, failed, cause } = await execa(python, ['-c', PROBE], { reject: false })
  if (failed) {
    const said = stderr?.trim().split('\n').at(-1) || (cause instanceof Error ? cause.message : 'it failed')
    throw new InvalidInputError(
      '--python',
      `got '${python}'; must be a Python with torch and diffusers (pip install -r test/reference/requirements.txt): ${said}`,
    )
  }
  return pythonSideSchema.parse(JSON.parse(stdout))
}
