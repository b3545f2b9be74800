import { PRICES_OF } from '../../../shared/fleet/instance-types.ts'
import { comparisonTable, scenarioTable } from './fleet-tables.ts'
import { CLIP, INSTANCE, PRICE_USD_PER_HOUR } from './scenarios.ts'
import { costTable, limitTable, requestTable } from './volume-tables.ts'

/*
 * `npm run simulate`. Nothing here was measured on AWS: clips' seconds are counted, boot times estimated, and how
 * services behave is taken from their documentation.
 */
// `| head` closes the pipe when it has its lines.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

print(
  `${INSTANCE} at ${PRICE_USD_PER_HOUR.toFixed(3)} USD an hour (Spot, ${PRICES_OF}), ${CLIP.seconds} s a clip (counted)`,
)
print('\nFrom nothing and back')
print(scenarioTable())
print('\nWhat each rule is for (ECS)')
print(comparisonTable())
print('\nWhat a clip asks of S3')
print(requestTable())
print('\nWhat gives way first')
print(limitTable())
print('\nWhat a clip costs')
print(costTable())
