package org.mixtureofmasks.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page as a reader has it, in a real browser. */
class ReportInBrowserTest {
  /** Charts of a report with every section. */
  private static final int CHARTS = 18;

  /** Of one of token masks. */
  private static final int CHARTS_OF_TOKEN_MASKS = 10;

  private static final String CHART = "document.querySelector('#overlap-by-layer .chart')";

  @TempDir static Path folder;
  private static Browser browser;
  private static Path page;

  @BeforeAll
  static void startTheBrowser() throws IOException, InterruptedException {
    Optional<String> executable = Browser.find();
    assumeTrue(
        executable.isPresent(), "no chromium or google-chrome in the PATH; MOM_CHROME names one");
    browser = new Browser(executable.get(), folder);
    page = save("report.html", SampleAnalysis.of(3, 4));
  }

  @AfterAll
  static void endTheBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void beginAsAnOrdinaryScreen() {
    browser.media("screen", "light");
    browser.size(1280, 900);
  }

  private static Path save(String name, JsonNode analysis) throws IOException {
    return Files.writeString(folder.resolve(name), AnalysisReport.html(analysis));
  }

  private static void assertSilent() {
    for (String kind :
        List.of("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")) {
      assertEquals(List.of(), browser.events(kind));
    }
    List<String> requests =
        browser.events("Network.requestWillBeSent").stream()
            .map(e -> e.at("/params/request/url").asText())
            .filter(url -> !url.startsWith("file:") || !url.endsWith(".html"))
            .toList();
    assertEquals(List.of(), requests);
  }

  private static String text(String expression) {
    return browser.evaluate(expression).asText();
  }

  @Test
  void everyChartIsDrawnFromItsTable() throws InterruptedException {
    assertDrawn(page, CHARTS);
  }

  @Test
  void everyChartOfTokenMasksIsDrawnFromItsTable() throws InterruptedException, IOException {
    assertDrawn(save("tokens.html", SampleTokenMasks.of(3)), CHARTS_OF_TOKEN_MASKS);
  }

  private static void assertDrawn(Path report, int number) throws InterruptedException {
    browser.open(report);
    assertSilent();
    JsonNode charts =
        browser.evaluate(
            """
            [...document.querySelectorAll('.chart')].map(chart => {
              const figure = chart.closest('figure');
              const table = figure.querySelector('[data-frame]:not([hidden]) table');
              const cells = [...table.querySelectorAll('td')].filter(cell => cell.textContent !== '');
              return {
                id: figure.id, kind: figure.dataset.kind, label: chart.getAttribute('aria-label'),
                role: chart.getAttribute('role'), cells: cells.length,
                columns: table.tHead.rows[0].cells.length - 1,
                marks: chart.querySelectorAll('svg path[fill]:not([fill=none])').length,
                lines: [...chart.querySelectorAll('svg path[fill=none]')].filter(p => p.getBBox().width > 100).length,
                drawn: [...(chart.querySelector('svg')?.querySelectorAll('*') ?? [])].length,
                scopes: table.querySelectorAll('th:not([scope])').length, caption: table.caption.textContent,
              };
            })\
            """);
    assertEquals(number, charts.size());
    for (JsonNode chart : charts) {
      String id = chart.path("id").asText();
      assertEquals("img", chart.path("role").asText(), id);
      assertTrue(chart.path("label").asText().length() > 20, id);
      assertTrue(chart.path("caption").asText().length() > 10, id);
      assertEquals(0, chart.path("scopes").asInt(), id);
      assertTrue(chart.path("marks").asInt() >= chart.path("cells").asInt(), "marks: " + chart);
      if (chart.path("kind").asText().equals("lines")) {
        assertTrue(chart.path("lines").asInt() >= chart.path("columns").asInt(), "lines: " + chart);
      }
    }
  }

  @Test
  void aLayerIsChosenByKeyboardAndItsChartAndTableFollow() throws InterruptedException {
    browser.open(page);
    String before = text(CHART + ".innerHTML");
    browser.evaluate("document.querySelector('#overlap-by-layer select').focus()");
    browser.press("ArrowDown", 40);
    assertEquals("Layer 1", text("document.querySelector('#overlap-by-layer select').value"));
    assertNotEquals(before, text(CHART + ".innerHTML"));
    assertTrue(text(CHART + ".getAttribute('aria-label')").startsWith("Layer 1. Overlap"));
    assertEquals(
        "Layer 1",
        text(
            "[...document.querySelectorAll('#overlap-by-layer [data-frame]:not([hidden])')].map(f"
                + " => f.dataset.frame).join()"));
    assertSilent();
  }

  @Test
  void theFirstStopOfTheKeyboardLeadsPastTheContents() throws InterruptedException {
    browser.open(page);
    browser.press("Tab", 9);
    assertEquals("skip", text("document.activeElement.className"));
    assertTrue(
        browser.evaluate("document.activeElement.getBoundingClientRect().left >= 0").asBoolean());
    browser.press("Tab", 9);
    assertEquals("theme", text("document.activeElement.id"));
    assertNotEquals("none", text("getComputedStyle(document.activeElement).outlineStyle"));
  }

  @Test
  void coloursFollowTheSystemTheButtonAndThePrinter() throws InterruptedException {
    String paper = "getComputedStyle(document.body).backgroundColor";
    String ink = CHART + ".querySelector('svg text').getAttribute('fill')";
    browser.open(page);
    assertEquals("rgb(255, 255, 255)", text(paper));
    String dark = text(ink);
    browser.media("screen", "dark");
    assertEquals("rgb(22, 22, 26)", text(paper));
    String light = text(ink);
    assertNotEquals(dark, light);
    browser.media("print", "dark");
    assertEquals("rgb(255, 255, 255)", text(paper));
    assertEquals(dark, text(ink));
    browser.media("screen", "dark");
    assertEquals(light, text(ink));
    browser.evaluate("document.getElementById('theme').click()");
    assertEquals("rgb(255, 255, 255)", text(paper));
    assertEquals(dark, text(ink));
    assertSilent();
  }

  @Test
  void thePageNeverScrollsSideways() throws InterruptedException, IOException {
    Path many = save("many.html", SampleAnalysis.of(4, 40));
    for (int width : new int[] {340, 1000}) {
      browser.size(width, 900);
      browser.open(many);
      browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)");
      assertEquals(
          browser.evaluate("document.documentElement.clientWidth"),
          browser.evaluate("document.documentElement.scrollWidth"),
          "at " + width);
      assertSilent();
    }
  }

  @Test
  void hostileTextDoesNothingWherePointersShowIt() throws InterruptedException, IOException {
    String hostile = "</script><img src=x onerror=\"window.broken=1\">";
    ObjectNode a = SampleAnalysis.of(2, 3);
    a.withObject("/domains").withArray("names").set(0, hostile);
    browser.open(save("hostile.html", a));
    String tip =
        text(
            """
            new Promise(done => {
              const box = document.querySelector('#domains-by-layer .chart');
              echarts.getInstanceByDom(box).dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 0});
              setTimeout(() => done(box.innerText + [...box.querySelectorAll('img')].length), 100);
            })\
            """);
    assertTrue(tip.contains(hostile) && tip.endsWith("0"), tip);
    assertEquals("undefined", text("typeof window.broken"));
    assertSilent();
  }
}
