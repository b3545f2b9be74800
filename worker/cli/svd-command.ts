import { Command, type ErrorOptions, type Option, type ParseOptionsResult } from 'commander'
import { meantCommands } from './meant-command.ts'
import { meantOption } from './meant-option.ts'

const UNKNOWN = /^error: unknown (?:option|command) '([^']*)'/

const didYouMean = (meant: readonly string[]): string =>
  meant.length === 1 ? `Did you mean ${meant[0]}?` : `Did you mean one of ${meant.join(', ')}?`

/**
 * A command that suggests an option or command also for the name that it has elsewhere. Commander itself suggests names
 * that are spelled alike.
 */
export class SvdCommand extends Command {
  readonly #required: Option[] = []

  constructor(name?: string) {
    super(name)
    this.hook('preAction', () => this.#assertRequired())
  }

  override createCommand(name?: string): SvdCommand {
    return new SvdCommand(name)
  }

  /**
   * Required options are checked last. Commander would report a missing `--checkpoint` before an unknown `--model`, by
   * which the user meant it.
   */
  override addOption(option: Option): this {
    if (option.mandatory) {
      this.#required.push(option)
      option.mandatory = false
    }
    return super.addOption(option)
  }

  /** Refuses `-checkpoint svd-xt`, which Commander reads as `-c heckpoint` and an argument. */
  override parseOptions(args: string[]): ParseOptionsResult {
    const end = args.indexOf('--')
    for (const arg of end === -1 ? args : args.slice(0, end)) {
      const isShort = this.options.some(({ short }) => short !== undefined && arg.startsWith(short))
      if (isShort && arg.length > 2 && this.#meantOption(arg) !== null) {
        this.error(`error: unknown option '${arg}'`, { code: 'commander.unknownOption' })
      }
    }
    return super.parseOptions(args)
  }

  override error(message: string, options?: ErrorOptions): never {
    const suggestion = this.#suggestion(message, options?.code)
    const [said] = message.split('\n(')
    return super.error(suggestion === null ? message : `${said}\n(${suggestion})`, options)
  }

  #suggestion(message: string, code: string | undefined): string | null {
    const typed = UNKNOWN.exec(message)?.[1]
    if (typed === undefined) return null
    if (code === 'commander.unknownCommand') {
      const meant = meantCommands(typed, (path) => this.#hasCommand(path))
      return meant.length === 0 ? null : didYouMean(meant)
    }
    const meant = this.#meantOption(typed)
    if (meant === null) return null
    return meant.startsWith('--') ? didYouMean([meant]) : `Give ${meant} without an option name.`
  }

  #meantOption(typed: string): string | null {
    return meantOption(typed, (meant) =>
      meant.startsWith('--')
        ? this.options.some(({ long }) => long === meant)
        : this.usage().split(' ').includes(meant),
    )
  }

  #hasCommand(path: string): boolean {
    if (path.startsWith('--')) return this.options.some(({ long }) => long === path)
    const [name, ...rest] = path.split(' ')
    const command = this.commands.find((one) => one.name() === name)
    if (rest.length === 0 || command === undefined) return command !== undefined
    return command.commands.some((one) => one.name() === rest.join(' '))
  }

  #assertRequired(): void {
    const missing = this.#required.find((option) => this.getOptionValue(option.attributeName()) === undefined)
    if (missing === undefined) return
    this.error(`error: required option '${missing.flags}' not specified`, {
      code: 'commander.missingMandatoryOptionValue',
    })
  }
}
