import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { screenAnalyse } from '../../tools/screen-analyse.ts'
import { fakeGateway, picture } from './fake-gateway.ts'
import { toolCall, use } from './tool-call.ts'

/** 100 × 10 pixels, of which the first `count` of each row's thousand are of this grey, the rest of another. */
const mixed = (count: number, grey: number, rest: number) =>
  picture(100, 10, (x, y) => {
    const level = y * 100 + x < count ? grey : rest
    return [level, level, level]
  })

async function judgeStored(png: Uint8Array) {
  const call = toolCall()
  const evidence = await call.saveEvidence(png, 'image/png')
  return use(screenAnalyse, { image: { evidence, mediaType: 'image/png', width: 1, height: 1 } }, call)
}

async function judgeLive(screens: Uint8Array[], input: object = {}) {
  const gateway = await fakeGateway({ screens })
  const call = toolCall({ device: gateway.device })
  return { verdict: await use(screenAnalyse, { image: { device: 'stb-8' }, ...input }, call), gateway, call }
}

describe('screen.analyse', () => {
  it.each([
    ['951 of 1000 pixels at luma 10', mixed(951, 10, 200), true, 0.951],
    ['950 of 1000 pixels at luma 10', mixed(950, 10, 200), false, 0.95],
    ['every pixel at luma 11', mixed(1000, 11, 11), false, 0],
  ])('judges %s', async (_what, png, black, blackRatio) => {
    expect(await judgeStored(png)).toMatchObject({ black, blackRatio, width: 100, height: 10 })
  })

  it('weighs colours as the eye does: pure blue of 80 is black, pure green is not', async () => {
    expect(await judgeStored(picture(4, 4, () => [0, 0, 80]))).toMatchObject({ black: true })
    expect(await judgeStored(picture(4, 4, () => [0, 80, 0]))).toMatchObject({ black: false })
  })

  it('measures brightness from 0 to 255', async () => {
    expect(await judgeStored(mixed(500, 0, 200))).toMatchObject({ brightness: expect.closeTo(100) })
    expect(await judgeStored(mixed(0, 0, 255))).toMatchObject({ brightness: expect.closeTo(255) })
  })

  it('looks at the live screen of the held device and keeps what it judged', async () => {
    const { verdict, call, gateway } = await judgeLive([mixed(1000, 0, 0)])
    const image = { evidence: 'evidence-1' }
    expect(verdict).toEqual({ black: true, blackRatio: 1, brightness: 0, width: 100, height: 10, image })
    expect(call.evidence.get('evidence-1')).toMatchObject({ mediaType: 'image/png' })
    expect(gateway.requests).toHaveLength(1)
  })

  it.each([
    ['7 of 1000 pixels changed', mixed(7, 255, 100), true, 0.007],
    ['8 of 1000 pixels changed', mixed(8, 255, 100), false, 0.008],
    ['noise changed every pixel a little', mixed(1000, 106, 106), true, 0],
    ['the resolution changed', picture(10, 10, () => [100, 100, 100]), false, 1],
  ])('calls it frozen or not when %s', async (_what, second, frozen, changedRatio) => {
    const { verdict } = await judgeLive([mixed(0, 0, 100), second], { frozen: true })
    expect(verdict).toMatchObject({ frozen, changedRatio })
  })

  it('stops between two pictures when the run stops', async () => {
    const stopping = new AbortController()
    const gateway = await fakeGateway({ screens: [mixed(0, 0, 100)] })
    const call = toolCall({ device: gateway.device, signal: stopping.signal })
    const verdict = use(screenAnalyse, { image: { device: 'stb-8' }, frozen: true }, call)
    stopping.abort()
    await expect(verdict).rejects.toMatchObject({ code: 'tool.aborted' })
  })

  it('sees through no device but the held one', async () => {
    const gateway = await fakeGateway({ screens: [mixed(0, 0, 0)] })
    const call = toolCall({ device: gateway.device })
    await expect(use(screenAnalyse, { image: { device: 'stb-9' } }, call)).rejects.toMatchObject({
      code: 'tool.bad_input',
    })
    expect(gateway.connections).toBe(0)
  })

  it('refuses evidence that is missing or damaged', async () => {
    const whole = mixed(0, 0, 0)
    for (const png of [whole.subarray(0, whole.length / 2), Buffer.from('GIF89a'), new Uint8Array()]) {
      await expect(judgeStored(png)).rejects.toMatchObject({ code: 'tool.bad_input' })
    }
    const call = use(screenAnalyse, { image: { evidence: 'none' } }, toolCall())
    await expect(call).rejects.toMatchObject({ code: 'tool.bad_input' })
  })

  it('reads the size of a picture before it believes it', async () => {
    const bomb = Buffer.from(mixed(0, 0, 0))
    bomb.writeUInt32BE(20_000, 16)
    bomb.writeUInt32BE(20_000, 20)
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29)
    await expect(judgeStored(bomb)).rejects.toMatchObject({
      code: 'tool.bad_input',
      message: 'A picture of 20000 × 20000 pixels is not a screen',
    })
  })

  it('does not pretend to see a freeze in one stored picture', async () => {
    await expect(use(screenAnalyse, { image: { evidence: 'x' }, frozen: true }, toolCall())).rejects.toMatchObject({
      code: 'tool.bad_input',
    })
  })
})
