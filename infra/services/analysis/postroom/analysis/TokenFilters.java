package postroom.analysis;

import static postroom.analysis.Definition.provideDefined;
import static postroom.analysis.Definition.provider;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.classic.ClassicFilter;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.core.FlattenGraphFilter;
import org.apache.lucene.analysis.core.TypeTokenFilter;
import org.apache.lucene.analysis.core.UpperCaseFilter;
import org.apache.lucene.analysis.de.GermanNormalizationFilter;
import org.apache.lucene.analysis.el.GreekLowerCaseFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.ga.IrishLowerCaseFilter;
import org.apache.lucene.analysis.miscellaneous.*;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.ngram.NGramTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceFilter;
import org.apache.lucene.analysis.reverse.ReverseStringFilter;
import org.apache.lucene.analysis.tr.ApostropheFilter;
import org.apache.lucene.analysis.tr.TurkishLowerCaseFilter;
import org.apache.lucene.analysis.util.ElisionFilter;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.PreConfiguredTokenFilter;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The token filters by Elasticsearch's names. */
final class TokenFilters {
    private static final Map<String, AnalysisProvider<TokenFilterFactory>> ALL = new HashMap<>();

    static {
        // Those that a normalizer may use.
        normalizing("apostrophe", ApostropheFilter::new);
        normalizing("cjk_width", CJKWidthFilter::new);
        normalizing("decimal_digit", DecimalDigitFilter::new);
        normalizing("german_normalization", GermanNormalizationFilter::new);
        normalizing("scandinavian_folding", ScandinavianFoldingFilter::new);
        normalizing("scandinavian_normalization", ScandinavianNormalizationFilter::new);
        normalizing("trim", TrimFilter::new);
        normalizing("uppercase", UpperCaseFilter::new);
        ALL.put("asciifolding", provider(TokenFilters::asciiFolding));
        ALL.put("lowercase", provider(definition -> normalizing(definition, lowercase(definition))));
        ALL.put("elision", provideDefined(definition -> normalizing(definition, elision(definition))));
        ALL.put("pattern_replace", provideDefined(definition -> normalizing(definition, replace(definition))));

        // Those without settings.
        plain("cjk_bigram", CJKBigramFilter::new);
        plain("classic", ClassicFilter::new);
        plain("flatten_graph", FlattenGraphFilter::new);
        plain("keyword_repeat", KeywordRepeatFilter::new);
        plain("kstem", KStemFilter::new);
        plain("porter_stem", PorterStemFilter::new);
        plain("remove_duplicates", RemoveDuplicatesTokenFilter::new);
        plain("reverse", ReverseStringFilter::new);

        made("edge_ngram", TokenFilters::edgeGrams);
        made("fingerprint", definition -> {
            int longest = definition.number("max_output_size", FingerprintFilter.DEFAULT_MAX_OUTPUT_TOKEN_SIZE);
            char separator = definition.character("separator", FingerprintFilter.DEFAULT_SEPARATOR);
            return in -> new FingerprintFilter(in, longest, separator);
        });
        made("length", definition -> {
            int min = definition.number("min", 0);
            int max = definition.number("max", Integer.MAX_VALUE);
            return in -> new LengthFilter(in, min, max);
        });
        made("limit", definition -> {
            int tokens = definition.number("max_token_count", 1);
            boolean consume = definition.flag("consume_all_tokens", false);
            return in -> new LimitTokenCountFilter(in, tokens, consume);
        });
        made("ngram", definition -> {
            int[] sizes = definition.grams(2, true);
            boolean keep = definition.flag("preserve_original", false);
            return in -> new NGramTokenFilter(in, sizes[0], sizes[1], keep);
        });
        made("snowball", definition -> Stemmers.snowball(definition.text("language", "English")));
        made("stemmer", definition -> Stemmers.stemmer(definition.text("language", definition.text("name", "porter"))));
        made("truncate", definition -> {
            int length = definition.number("length", 10);
            return in -> new TruncateTokenFilter(in, length);
        });
        made("unique", definition -> definition.flag("only_on_same_position", false)
            ? RemoveDuplicatesTokenFilter::new
            : UniqueFilter::new);
        made("word_delimiter", WordDelimiters::flat);
        made("word_delimiter_graph", WordDelimiters::graph);

        // Those that mean nothing without settings.
        defined("keep", definition -> {
            CharArraySet words = present(definition.words("keep_words"), definition, "keep_words");
            return in -> new KeepWordFilter(in, words);
        });
        defined("keep_types", definition -> {
            Set<String> types = Set.copyOf(definition.settings().getAsList("types"));
            boolean include = !definition.text("mode", "include").equals("exclude");
            return in -> new TypeTokenFilter(in, types, include);
        });
        defined("keyword_marker", TokenFilters::keywordMarker);
        defined("pattern_capture", definition -> {
            Pattern[] patterns = definition.settings().getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
            boolean keep = definition.flag("preserve_original", true);
            return in -> new PatternCaptureGroupTokenFilter(in, keep, patterns);
        });
        defined("stemmer_override", TokenFilters::stemmerOverride);
    }

    private TokenFilters() {}

    static Map<String, AnalysisProvider<TokenFilterFactory>> all() {
        return Map.copyOf(ALL);
    }

    /** Those whose bare name means something else than the same filter with its default settings. */
    static List<PreConfiguredTokenFilter> bare() {
        return List.of(
            PreConfiguredTokenFilter.singleton("edge_ngram", false, false, in -> new EdgeNGramTokenFilter(in, 1)),
            PreConfiguredTokenFilter.singleton(
                "elision", true, in -> new ElisionFilter(in, FrenchAnalyzer.DEFAULT_ARTICLES)));
    }

    private static void plain(String name, UnaryOperator<TokenStream> wrap) {
        made(name, definition -> wrap);
    }

    private static void made(String name, Function<Definition, UnaryOperator<TokenStream>> make) {
        ALL.put(name, provider(definition -> factory(definition, make.apply(definition))));
    }

    private static void defined(String name, Function<Definition, UnaryOperator<TokenStream>> make) {
        ALL.put(name, provideDefined(definition -> factory(definition, make.apply(definition))));
    }

    private static void normalizing(String name, UnaryOperator<TokenStream> wrap) {
        ALL.put(name, provider(definition -> normalizing(definition, wrap)));
    }

    private static TokenFilterFactory factory(Definition definition, UnaryOperator<TokenStream> wrap) {
        return new TokenFilterFactory() {
            @Override
            public String name() {
                return definition.name();
            }

            @Override
            public TokenStream create(TokenStream in) {
                return wrap.apply(in);
            }
        };
    }

    private static TokenFilterFactory normalizing(Definition definition, UnaryOperator<TokenStream> wrap) {
        return normalizing(definition, wrap, wrap);
    }

    private static TokenFilterFactory normalizing(
        Definition definition, UnaryOperator<TokenStream> wrap, UnaryOperator<TokenStream> normalize) {
        return new NormalizingTokenFilterFactory() {
            @Override
            public String name() {
                return definition.name();
            }

            @Override
            public TokenStream create(TokenStream in) {
                return wrap.apply(in);
            }

            @Override
            public TokenStream normalize(TokenStream in) {
                return normalize.apply(in);
            }
        };
    }

    private static TokenFilterFactory asciiFolding(Definition definition) {
        boolean keep = definition.flag("preserve_original", false);
        // A normalizer gives one token, so the original can never stay beside it.
        return normalizing(definition, in -> new ASCIIFoldingFilter(in, keep), ASCIIFoldingFilter::new);
    }

    private static UnaryOperator<TokenStream> lowercase(Definition definition) {
        String language = definition.text("language", "");
        return switch (language) {
            case "" -> LowerCaseFilter::new;
            case "greek" -> GreekLowerCaseFilter::new;
            case "irish" -> IrishLowerCaseFilter::new;
            case "turkish" -> TurkishLowerCaseFilter::new;
            default -> throw new IllegalArgumentException("language [" + language + "] not support for lower case");
        };
    }

    private static UnaryOperator<TokenStream> elision(Definition definition) {
        CharArraySet articles = Analysis.parseArticles(definition.environment(), definition.settings());
        CharArraySet cut = present(articles, definition, "articles");
        return in -> new ElisionFilter(in, cut);
    }

    private static UnaryOperator<TokenStream> replace(Definition definition) {
        Pattern pattern = definition.pattern(null);
        String replacement = definition.text("replacement", "");
        boolean every = definition.flag("all", true);
        return in -> new PatternReplaceFilter(in, pattern, replacement, every);
    }

    private static UnaryOperator<TokenStream> edgeGrams(Definition definition) {
        int[] sizes = definition.grams(2, false);
        boolean keep = definition.flag("preserve_original", false);
        if (!definition.text("side", "front").equals("front")) {
            throw new IllegalArgumentException("side of [" + definition.name() + "]: use the filter reverse before and after");
        }
        return in -> new EdgeNGramTokenFilter(in, sizes[0], sizes[1], keep);
    }

    private static UnaryOperator<TokenStream> keywordMarker(Definition definition) {
        boolean ignoreCase = definition.flag("ignore_case", false);
        String pattern = definition.text("keywords_pattern", null);
        if (pattern != null) {
            Pattern marked = Pattern.compile(pattern, ignoreCase ? Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE : 0);
            return in -> new PatternKeywordMarkerFilter(in, marked);
        }
        CharArraySet words = new CharArraySet(present(definition.words("keywords"), definition, "keywords"), ignoreCase);
        return in -> new SetKeywordMarkerFilter(in, words);
    }

    private static UnaryOperator<TokenStream> stemmerOverride(Definition definition) {
        List<String> rules = present(definition.lines("rules"), definition, "rules");
        StemmerOverrideFilter.Builder builder = new StemmerOverrideFilter.Builder(false);
        for (String rule : rules) {
            String[] sides = Rules.sides(rule);
            for (String word : sides[0].split(",")) {
                builder.add(word.strip(), sides[1]);
            }
        }
        try {
            StemmerOverrideFilter.StemmerOverrideMap map = builder.build();
            return in -> new StemmerOverrideFilter(in, map);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static <T> T present(T value, Definition definition, String key) {
        if (value == null) {
            throw new IllegalArgumentException("[" + definition.name() + "] requires [" + key + "] or [" + key + "_path]");
        }
        return value;
    }
}
