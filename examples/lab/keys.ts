import { z } from 'zod'

/** The remote control. A name that is not on it is refused: a misspelt key that did nothing would look like a dead device. */
// biome-ignore format: one row of the remote a line
export const Key = z.enum([
  'POWER', 'HOME', 'BACK', 'MENU', 'GUIDE', 'OK', 'UP', 'DOWN', 'LEFT', 'RIGHT',
  'CHANNEL_UP', 'CHANNEL_DOWN', 'VOLUME_UP', 'VOLUME_DOWN', 'MUTE',
  'PLAY', 'PAUSE', 'PLAY_PAUSE', 'STOP', 'REWIND', 'FAST_FORWARD',
  'DIGIT_0', 'DIGIT_1', 'DIGIT_2', 'DIGIT_3', 'DIGIT_4', 'DIGIT_5', 'DIGIT_6', 'DIGIT_7', 'DIGIT_8', 'DIGIT_9',
])
export type Key = z.infer<typeof Key>

const CHANNELS = 99

/** The channel a key tunes to, or `undefined` when it is not about channels. Channels 1 to 99 go round. */
export function tunedChannel(key: Key, current: number): number | undefined {
  if (key === 'CHANNEL_UP') return (current % CHANNELS) + 1
  if (key === 'CHANNEL_DOWN') return current === 1 ? CHANNELS : current - 1
  const digit = /^DIGIT_([1-9])$/.exec(key)?.[1]
  return digit === undefined ? undefined : Number(digit)
}
