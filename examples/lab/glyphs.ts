/** The ten digits and a colon as a tiny bitmap font: a channel number must be readable in a picture without any font. */
const SHEET = [
  '.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. .....',
  '#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...# ..#..',
  '#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# ..#..',
  '#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .#### .....',
  '##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# ..#..',
  '#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. ..#..',
  '.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. .....',
]
const CHARACTERS = '0123456789:'
const ADVANCE = 6
const HEIGHT = SHEET.length

/** Says for a point whether the text's ink covers it; `left` and `top` are the text's corner, `scale` the size of one dot. */
export function inkOf(text: string, left: number, top: number, scale: number): (x: number, y: number) => boolean {
  const columns = [...text].map((character) => CHARACTERS.indexOf(character) * ADVANCE)
  return (x, y) => {
    const row = Math.floor((y - top) / scale)
    if (row < 0 || row >= HEIGHT) return false
    const column = Math.floor((x - left) / scale)
    const start = columns[Math.floor(column / ADVANCE)]
    if (column < 0 || start === undefined) return false
    return SHEET[row]?.[start + (column % ADVANCE)] === '#'
  }
}

/** Width of a text in picture points, without the gap after its last character. */
export function textWidth(text: string, scale: number): number {
  return (text.length * ADVANCE - 1) * scale
}
