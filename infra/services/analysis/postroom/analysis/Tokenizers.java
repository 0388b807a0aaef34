package postroom.analysis;

import static postroom.analysis.Definition.provideDefined;
import static postroom.analysis.Definition.provider;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.classic.ClassicTokenizer;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.LetterTokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenizer;
import org.apache.lucene.analysis.ngram.NGramTokenizer;
import org.apache.lucene.analysis.path.PathHierarchyTokenizer;
import org.apache.lucene.analysis.path.ReversePathHierarchyTokenizer;
import org.apache.lucene.analysis.pattern.PatternTokenizer;
import org.apache.lucene.analysis.pattern.SimplePatternSplitTokenizer;
import org.apache.lucene.analysis.pattern.SimplePatternTokenizer;
import org.apache.lucene.analysis.util.CharTokenizer;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The tokenizers by Elasticsearch's names. */
final class Tokenizers {
    private static final int LONGEST = 255;
    private static final Map<String, IntPredicate> KINDS = Map.of(
        "letter", Character::isLetter,
        "digit", Character::isDigit,
        "whitespace", Character::isWhitespace,
        "punctuation", Tokenizers::isPunctuation,
        "symbol", Tokenizers::isSymbol);

    private Tokenizers() {}

    static Map<String, AnalysisProvider<TokenizerFactory>> all() {
        return Map.ofEntries(
            entry("char_group", true, Tokenizers::charGroup),
            entry("classic", false, definition -> ClassicTokenizer::new),
            entry("edge_ngram", false, Tokenizers::edgeGrams),
            entry("keyword", false, definition -> {
                int buffer = definition.number("buffer_size", KeywordTokenizer.DEFAULT_BUFFER_SIZE);
                return () -> new KeywordTokenizer(buffer);
            }),
            entry("letter", false, definition -> LetterTokenizer::new),
            entry("ngram", false, Tokenizers::grams),
            entry("path_hierarchy", false, Tokenizers::paths),
            entry("pattern", false, definition -> {
                Pattern pattern = definition.pattern("\\W+");
                int group = definition.number("group", -1);
                return () -> new PatternTokenizer(pattern, group);
            }),
            entry("simple_pattern", false, definition -> {
                String pattern = definition.text("pattern", "");
                return () -> new SimplePatternTokenizer(pattern);
            }),
            entry("simple_pattern_split", false, definition -> {
                String pattern = definition.text("pattern", "");
                return () -> new SimplePatternSplitTokenizer(pattern);
            }),
            entry("uax_url_email", false, definition -> {
                int longest = definition.number("max_token_length", LONGEST);
                return () -> {
                    UAX29URLEmailTokenizer tokenizer = new UAX29URLEmailTokenizer();
                    tokenizer.setMaxTokenLength(longest);
                    return tokenizer;
                };
            }),
            entry("whitespace", false, definition -> {
                int longest = definition.number("max_token_length", LONGEST);
                return () -> new WhitespaceTokenizer(TokenStream.DEFAULT_TOKEN_ATTRIBUTE_FACTORY, longest);
            }));
    }

    private static Map.Entry<String, AnalysisProvider<TokenizerFactory>> entry(
        String name, boolean defined, Function<Definition, Supplier<Tokenizer>> make) {
        Function<Definition, TokenizerFactory> factory =
            definition -> TokenizerFactory.newFactory(definition.name(), make.apply(definition));
        return Map.entry(name, defined ? provideDefined(factory) : provider(factory));
    }

    private static Supplier<Tokenizer> charGroup(Definition definition) {
        List<String> separators = definition.settings().getAsList("tokenize_on_chars");
        IntPredicate separates = anyOf(separators, definition.name());
        int longest = definition.number("max_token_length", LONGEST);
        return () -> new CharTokenizer(TokenStream.DEFAULT_TOKEN_ATTRIBUTE_FACTORY, longest) {
            @Override
            protected boolean isTokenChar(int character) {
                return !separates.test(character);
            }
        };
    }

    private static Supplier<Tokenizer> grams(Definition definition) {
        int[] sizes = definition.grams(2, true);
        IntPredicate inside = tokenCharacters(definition);
        return () -> new NGramTokenizer(sizes[0], sizes[1]) {
            @Override
            protected boolean isTokenChar(int character) {
                return inside.test(character);
            }
        };
    }

    private static Supplier<Tokenizer> edgeGrams(Definition definition) {
        int[] sizes = definition.grams(2, false);
        IntPredicate inside = tokenCharacters(definition);
        return () -> new EdgeNGramTokenizer(sizes[0], sizes[1]) {
            @Override
            protected boolean isTokenChar(int character) {
                return inside.test(character);
            }
        };
    }

    private static Supplier<Tokenizer> paths(Definition definition) {
        int buffer = definition.number("buffer_size", 1024);
        int skip = definition.number("skip", 0);
        char delimiter = definition.character("delimiter", '/');
        char replacement = definition.character("replacement", delimiter);
        if (definition.flag("reverse", false)) {
            return () -> new ReversePathHierarchyTokenizer(buffer, delimiter, replacement, skip);
        }
        return () -> new PathHierarchyTokenizer(buffer, delimiter, replacement, skip);
    }

    /** What belongs to a gram: all, or the kinds of {@code token_chars}. */
    private static IntPredicate tokenCharacters(Definition definition) {
        List<String> kinds = new ArrayList<>(definition.settings().getAsList("token_chars"));
        if (kinds.isEmpty()) {
            return character -> true;
        }
        String custom = kinds.remove("custom") ? definition.required("custom_token_chars") : "";
        IntPredicate known = anyOf(kinds, definition.name());
        return character -> known.test(character) || custom.indexOf(character) >= 0;
    }

    private static IntPredicate anyOf(List<String> names, String component) {
        IntPredicate any = character -> false;
        for (String name : names) {
            IntPredicate kind = KINDS.get(name.toLowerCase(Locale.ROOT));
            String plain = Rules.plain(name);
            if (kind == null && plain.codePointCount(0, plain.length()) != 1) {
                throw new IllegalArgumentException("[" + name + "] of [" + component + "] is no character and no kind of them");
            }
            any = any.or(kind != null ? kind : character -> character == plain.codePointAt(0));
        }
        return any;
    }

    private static boolean isPunctuation(int character) {
        return switch (Character.getType(character)) {
            case Character.START_PUNCTUATION, Character.END_PUNCTUATION, Character.OTHER_PUNCTUATION,
                Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION,
                Character.FINAL_QUOTE_PUNCTUATION -> true;
            default -> false;
        };
    }

    private static boolean isSymbol(int character) {
        return switch (Character.getType(character)) {
            case Character.CURRENCY_SYMBOL, Character.MATH_SYMBOL, Character.OTHER_SYMBOL -> true;
            default -> false;
        };
    }
}
