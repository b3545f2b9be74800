import type { Command } from 'commander'

export const HELP_SUMMARY = 'print the help of a command'

/** `help`, `help render` and `help models push`, on stdout like `--help`. */
export const addHelpCommand = (program: Command): Command =>
  program
    .command('help')
    .summary(HELP_SUMMARY)
    .description('Prints the help of a command, as its --help does.')
    .argument('[command...]', 'such as render, or models push')
    .action(async (names: readonly string[]) => {
      let command = program
      for (const name of names) {
        const found = command.commands.find((one) => one.name() === name)
        // Throws: Commander reports the unknown command, with a suggestion.
        if (found === undefined && command.commands.length > 0) {
          await program.parseAsync([...names], { from: 'user' })
        }
        command = found ?? command
      }
      command.help()
    })
