'use strict';
// Draws each figure from the numbers in its table. No number comes from anywhere else.
(() => {
  // Okabe and Ito's colours, darker on white and lighter on black; told apart by dashes and marks too.
  const PALETTES = {
    light: {
      ink: '#1b1b1f', quiet: '#55555f', faint: '#dcdce3', paper: '#fff',
      series: ['#0072b2', '#d55e00', '#117a5b', '#a0488a', '#8a6d00'],
      ramp: ['#f4f8fd', '#c6dbef', '#6baed6', '#2171b5', '#08306b'],
      sides: ['#8f4a00', '#e6a15c', '#f4f4f4', '#7fb3d8', '#0a4a85'],
      first: '#d55e00', last: '#0072b2', between: ['#d9dec6', '#55634a'],
    },
    dark: {
      ink: '#ececf1', quiet: '#a9a9b4', faint: '#3a3a42', paper: '#16161a',
      series: ['#56b4e9', '#f08a45', '#3fc79a', '#de8fc6', '#e6cf4a'],
      ramp: ['#1a2433', '#1d4a78', '#3a86c0', '#8fc8ec', '#f2f9ff'],
      sides: ['#ffb366', '#a8642a', '#26262c', '#2f6ea3', '#8fd0ff'],
      first: '#f08a45', last: '#56b4e9', between: ['#3c4238', '#c3ccb2'],
    },
  };
  const DASHES = ['solid', 'dashed', 'dotted', [8, 3, 2, 3], [2, 6]];
  const MARKS = ['circle', 'rect', 'triangle', 'diamond', 'pin'];
  const LETTER = 6.4; // pixels of a letter at FONT, about
  const FONT = 12;
  const NAME = 26; // letters of a name on an axis, the rest is cut
  const PAPER = 680; // pixels across a printed page; the style shrinks what is wider than the paper

  const root = document.documentElement;
  const systemDark = matchMedia('(prefers-color-scheme: dark)');
  const print = matchMedia('print');
  const figures = [...document.querySelectorAll('figure[data-kind]')];
  const escape = text => echarts.format.encodeHTML(text);
  const theme = () => print.matches ? 'light' : root.dataset.theme || (systemDark.matches ? 'dark' : 'light');

  /** The table that is chosen: names of columns and rows, texts of cells and their numbers (NaN: empty). */
  function read(figure) {
    const table = figure.querySelector('[data-frame]:not([hidden]) table');
    const columns = [...table.tHead.rows[0].cells].slice(1).map(cell => cell.textContent);
    const rows = [...table.tBodies[0].rows];
    const texts = rows.map(row => [...row.cells].slice(1).map(cell => cell.textContent));
    return {
      columns, texts,
      rows: rows.map(row => row.cells[0].textContent),
      numbers: texts.map(row => row.map(parseFloat)),
    };
  }

  const withUnit = (text, unit) => unit ? `${text} ${unit}` : text;
  const short = number => String(Number(number.toPrecision(3)));
  const cut = name => name.length > NAME ? name.slice(0, NAME - 1) + '…' : name;
  const longest = names => Math.max(...names.map(name => name.length));

  function mix(from, to, part) {
    const channels = [1, 3, 5].map(i => {
      const [a, b] = [from, to].map(colour => parseInt(colour.slice(i, i + 2), 16));
      return Math.round(a + (b - a) * part).toString(16).padStart(2, '0');
    });
    return '#' + channels.join('');
  }

  /** The colour at a part (0 to 1) of a ramp of evenly spaced colours. */
  function colourAt(ramp, part) {
    const place = Math.min(Math.max(part, 0), 1) * (ramp.length - 1);
    const step = Math.min(Math.floor(place), ramp.length - 2);
    return mix(ramp[step], ramp[step + 1], place - step);
  }

  /** Whether white is easier to read on a colour than black: relative luminance as WCAG defines it. */
  function isDark(colour) {
    const [r, g, b] = [1, 3, 5].map(i => {
      const part = parseInt(colour.slice(i, i + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b < 0.179;
  }

  /** What all charts have in common. */
  function common(colours) {
    return {
      animation: false,
      textStyle: {color: colours.quiet, fontFamily: 'system-ui, sans-serif'},
      tooltip: {
        confine: true, backgroundColor: colours.paper, borderColor: colours.quiet, textStyle: {color: colours.ink},
      },
    };
  }

  function axis(colours, more) {
    return {
      nameLocation: 'middle',
      nameTextStyle: {color: colours.quiet, fontSize: FONT},
      axisLine: {lineStyle: {color: colours.quiet}},
      axisTick: {show: false},
      splitLine: {lineStyle: {color: colours.faint}},
      ...more,
      axisLabel: {color: colours.quiet, fontSize: FONT, ...more.axisLabel},
    };
  }

  /** Sizes of a heatmap, so that its cells are about square and its names have room. */
  function heatmapLayout(data, width, groups) {
    const namesOfRows = groups && width < 560 ? [] : data.rows;
    const names = namesOfRows.length ? longest(namesOfRows) * LETTER : 0;
    const square = data.rows.length === data.columns.length;
    const tallest = groups ? 20 : Math.max(14, Math.min(40, 600 / data.rows.length));
    const widest = groups ? 20 : square && tallest < 40 ? tallest * 1.4 : 96;
    // Words that do not fit side by side stand aslant, the steeper the closer.
    const room = Math.min((width - 140) / data.columns.length, widest);
    const label = Math.min(longest(data.columns), NAME) * LETTER;
    const slant = groups || label < room || !/[^\d]/.test(data.columns.join('')) ? 0 : room < 28 ? 60 : 30;
    const [across, down] = [Math.cos, Math.sin].map(of => slant ? label * of(slant * Math.PI / 180) : 0);
    const left = Math.max((groups ? 24 : 40) + names, across);
    const cell = Math.min((width - left - 10) / data.columns.length, widest);
    const below = slant ? 24 + down : groups && !names ? 36 : 24;
    const least = namesOfRows.length && groups ? 12 : 8;
    const height = Math.min(Math.max(cell, least), tallest) * data.rows.length;
    return {left, nameGap: names + 26, cell, slant, below, namesOfRows, bottom: below + 50, height: Math.max(height, 60)};
  }

  function heatmap(figure, data, colours, width) {
    const {x, y, unit, low, high, kind} = figure.dataset;
    const groups = figure.dataset.groups && JSON.parse(figure.dataset.groups);
    const layout = heatmapLayout(data, width, groups);
    const items = data.numbers.flatMap((row, r) => row.map((value, c) => [c, r, value])).filter(item => !isNaN(item[2]));
    const values = items.map(item => item[2]);
    let [min, max] = [Number(low ?? Math.min(...values)), Number(high ?? Math.max(...values))];
    if (kind === 'diverging') {
      max = Math.max(Math.abs(min), Math.abs(max));
      min = -max;
    }
    if (min === max) {
      [min, max] = [Math.min(0, 2 * min), Math.max(0, 2 * max) || 1]; // one number everywhere: amid the scale
    }
    const ramp = kind === 'diverging' ? colours.sides : colours.ramp;
    const written = longest(data.texts.flat()) * LETTER + 6 < layout.cell && layout.height / data.rows.length > 15;
    const textOn = value => isDark(colourAt(ramp, (value - min) / (max - min))) ? '#fff' : '#000';
    const series = [{
      type: 'heatmap', progressive: 0, // all at once, however many cells
      data: items.map(item => ({value: item, label: {color: textOn(item[2])}})),
      label: {show: written, fontSize: 11, formatter: ({value: [c, r]}) => data.texts[r][c]},
      itemStyle: {borderColor: colours.paper, borderWidth: layout.cell > 8 ? 1 : 0},
      emphasis: {itemStyle: {borderColor: colours.ink, borderWidth: 2}},
    }];
    const middles = new Map();
    if (groups) {
      let begin = 0;
      const blocks = groups.map(([name, size]) => {
        middles.set(begin + Math.floor(size / 2), name);
        begin += size;
        return [begin - size, begin - 1];
      });
      series.push({
        type: 'custom', silent: true, data: blocks, encode: {x: [0, 1], y: [0, 1]}, z: 5,
        renderItem: (_, api) => {
          const [from, to] = [0, 1].map(i => api.coord([api.value(i), api.value(i)]));
          const [w, h] = api.size([1, 1]);
          const [side, rise] = [(to[0] - from[0]) + w, (to[1] - from[1]) + h];
          return {
            type: 'rect', style: {fill: 'none', stroke: colours.first, lineWidth: 2},
            shape: {x: from[0] - w / 2, y: from[1] - h / 2, width: side, height: rise},
          };
        },
      });
    }
    const groupLabels = {interval: index => middles.has(index), formatter: (_, index) => middles.get(index) ?? ''};
    const namesOfGroups = groups && !layout.namesOfRows.length;
    return {
      height: layout.height + layout.bottom + 8,
      width: layout.left + layout.cell * data.columns.length + 10,
      option: {
        ...common(colours),
        grid: {left: layout.left, right: 10, top: 8, bottom: layout.bottom},
        xAxis: axis(colours, {
          type: 'category', data: data.columns, name: groups ? '' : x, nameGap: layout.below, splitLine: {show: false},
          axisLabel: groups ? {...groupLabels, rotate: namesOfGroups ? 20 : 0}
            : {rotate: layout.slant, formatter: cut, ...(layout.slant && layout.cell > 12 && {interval: 0})},
        }),
        yAxis: axis(colours, {
          type: 'category', data: data.rows, inverse: true, name: groups ? '' : y, nameGap: layout.nameGap,
          splitLine: {show: false},
          axisLabel: namesOfGroups ? {...groupLabels, rotate: 90} : groups ? {interval: 0, fontSize: 10} : {},
        }),
        visualMap: {
          type: 'continuous', min, max, seriesIndex: 0, orient: 'horizontal', left: 'center', bottom: 0, calculable: false,
          itemWidth: 12, itemHeight: 120, hoverLink: false, inRange: {color: ramp}, textStyle: {color: colours.quiet},
          text: [withUnit(short(max), unit), withUnit(short(min), unit)],
        },
        tooltip: {
          ...common(colours).tooltip,
          formatter: ({value: [c, r]}) =>
            `${escape(y)} ${escape(data.rows[r])}, ${escape(x)} ${escape(data.columns[c])}: `
            + `<b>${escape(withUnit(data.texts[r][c], unit))}</b>`,
        },
        series,
      },
    };
  }

  function colourOf(kind, index, count, colours) {
    if (kind !== 'stacked') {
      return colours.series[index % colours.series.length];
    }
    return index === 0 ? colours.first
      : index === count - 1 ? colours.last
        : mix(...colours.between, count < 4 ? 0.5 : (index - 1) / (count - 3));
  }

  function bars(figure, data, colours, width) {
    const {x, y, unit, kind, low, high} = figure.dataset;
    const named = data.columns.length > 1;
    let legendLines = 0;
    let room = 0;
    for (const name of named ? data.columns : []) {
      const wanted = name.length * LETTER + 50;
      if (wanted > room) {
        legendLines++;
        room = width;
      }
      room -= wanted;
    }
    const top = 14 + 24 * legendLines;
    const series = data.columns.map((name, c) => {
      const colour = colourOf(kind, c, data.columns.length, colours);
      const line = kind === 'lines';
      return {
        name, type: line ? 'line' : 'bar', stack: kind === 'stacked' ? 'all' : undefined,
        data: data.numbers.map(row => isNaN(row[c]) ? '-' : row[c]),
        barMaxWidth: kind === 'stacked' ? 110 : 56, barCategoryGap: kind === 'stacked' ? '15%' : '25%',
        itemStyle: {color: colour, ...(kind === 'stacked' && {borderColor: colours.paper, borderWidth: 0.5})},
        lineStyle: {color: colour, width: 2, type: DASHES[c % DASHES.length]},
        symbol: MARKS[c % MARKS.length], symbolSize: 7,
      };
    });
    const title = `${x} `;
    return {
      height: 300 + top,
      option: {
        ...common(colours),
        legend: {
          show: named, top: 0, left: 'center', width: '100%', selectedMode: false, textStyle: {color: colours.quiet},
          itemWidth: kind === 'lines' ? 36 : 14,
        },
        grid: {left: 62, right: 12, top, bottom: 48},
        xAxis: axis(colours, {type: 'category', data: data.rows, name: x, nameGap: 28}),
        yAxis: axis(colours, {
          type: 'value', name: withUnit(y, unit && unit !== y ? `(${unit})` : ''), nameGap: 46,
          min: low, max: high, axisLine: {show: false},
        }),
        tooltip: {
          ...common(colours).tooltip, trigger: 'axis', axisPointer: {type: kind === 'lines' ? 'line' : 'shadow'},
          formatter: points => escape(title + data.rows[points[0].dataIndex]) + points.map(point =>
            `<br>${point.marker}${escape(point.seriesName)}: `
            + `<b>${escape(withUnit(data.texts[point.dataIndex][point.seriesIndex], unit))}</b>`).join(''),
        },
        series,
      },
    };
  }

  function draw(figure) {
    const box = figure.querySelector('.chart');
    const room = print.matches ? PAPER : box.clientWidth;
    if (!room) {
      return; // not shown
    }
    const make = ['heatmap', 'diverging'].includes(figure.dataset.kind) ? heatmap : bars;
    const {height, width = room, option} = make(figure, read(figure), PALETTES[theme()], room);
    echarts.getInstanceByDom(box)?.dispose();
    box.style.height = `${height}px`;
    echarts.init(box, null, {renderer: 'svg', width: Math.max(width, Math.min(room, 300)), height}).setOption(option);
    if (print.matches) {
      const svg = box.querySelector('svg'); // so that it shrinks with the paper
      svg.setAttribute('viewBox', `0 0 ${svg.getAttribute('width')} ${svg.getAttribute('height')}`);
    }
  }

  function drawAll() {
    figures.forEach(draw);
  }

  /** Where there are several tables: a list to choose from. */
  function addChoice(figure) {
    const frames = [...figure.querySelectorAll('[data-frame]')];
    if (frames.length < 2) {
      return;
    }
    const box = figure.querySelector('.chart');
    const label = box.getAttribute('aria-label');
    const select = document.createElement('select');
    frames.forEach(frame => select.add(new Option(frame.dataset.frame)));
    const show = () => {
      frames.forEach((frame, i) => { frame.hidden = i !== select.selectedIndex; });
      box.setAttribute('aria-label', `${frames[select.selectedIndex].dataset.frame}. ${label}`);
    };
    select.addEventListener('change', () => {
      show();
      draw(figure);
    });
    const holder = document.createElement('label');
    holder.className = 'choose';
    holder.append('Show ', select);
    figure.querySelector('figcaption').append(holder);
    show();
  }

  const button = document.getElementById('theme');
  function nameButton() {
    button.textContent = theme() === 'dark' ? 'Light colours' : 'Dark colours';
  }
  button.addEventListener('click', () => {
    root.dataset.theme = theme() === 'dark' ? 'light' : 'dark';
    nameButton();
    drawAll();
  });
  button.hidden = false;
  nameButton();

  figures.forEach(addChoice);
  drawAll();
  systemDark.addEventListener('change', () => {
    nameButton();
    drawAll();
  });
  print.addEventListener('change', drawAll);
  let waiting = 0;
  let width = root.clientWidth;
  addEventListener('resize', () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (width !== root.clientWidth) {
        width = root.clientWidth;
        drawAll();
      }
    }, 100);
  });
  root.dataset.drawn = 'true';
})();
