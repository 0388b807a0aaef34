package postroom.analysis;

import static postroom.analysis.Definition.provider;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.core.SimpleAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The analysers by Elasticsearch's names: those without a language, and the languages of our mail. */
final class Analyzers {
    private Analyzers() {}

    static Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> all() {
        return Map.of(
            "keyword", plain(KeywordAnalyzer::new),
            "simple", plain(SimpleAnalyzer::new),
            "whitespace", plain(WhitespaceAnalyzer::new),
            "english", language(EnglishAnalyzer.getDefaultStopSet(), EnglishAnalyzer::new),
            "french", language(FrenchAnalyzer.getDefaultStopSet(), FrenchAnalyzer::new),
            "german", language(GermanAnalyzer.getDefaultStopSet(), GermanAnalyzer::new),
            "italian", language(ItalianAnalyzer.getDefaultStopSet(), ItalianAnalyzer::new),
            "portuguese", language(PortugueseAnalyzer.getDefaultStopSet(), PortugueseAnalyzer::new),
            "spanish", language(SpanishAnalyzer.getDefaultStopSet(), SpanishAnalyzer::new));
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> plain(Supplier<Analyzer> make) {
        return provider(definition -> provided(definition, make.get()));
    }

    private static AnalysisProvider<AnalyzerProvider<? extends Analyzer>> language(
        CharArraySet stopwords, BiFunction<CharArraySet, CharArraySet, Analyzer> make) {
        return provider(definition -> {
            CharArraySet stop = Analysis.parseStopWords(definition.environment(), definition.settings(), stopwords);
            CharArraySet whole = Analysis.parseStemExclusion(definition.settings(), CharArraySet.EMPTY_SET);
            return provided(definition, make.apply(stop, whole));
        });
    }

    private static AnalyzerProvider<Analyzer> provided(Definition definition, Analyzer analyzer) {
        return new AbstractIndexAnalyzerProvider<>(definition.name(), definition.settings()) {
            @Override
            public Analyzer get() {
                return analyzer;
            }
        };
    }
}
