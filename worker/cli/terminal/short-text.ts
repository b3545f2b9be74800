/** `1 job`, `2 jobs`. */
export const counted = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`

/** At most so many characters; the middle goes, for names differ at their ends. */
export const shortened = (text: string, length: number): string => {
  const characters = [...text]
  if (characters.length <= length) return text
  const end = Math.floor((length - 1) / 2)
  return `${characters.slice(0, length - 1 - end).join('')}…${characters.slice(-end).join('')}`
}
