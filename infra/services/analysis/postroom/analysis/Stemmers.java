package postroom.analysis;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.ar.ArabicStemFilter;
import org.apache.lucene.analysis.bg.BulgarianStemFilter;
import org.apache.lucene.analysis.bn.BengaliStemFilter;
import org.apache.lucene.analysis.br.BrazilianStemFilter;
import org.apache.lucene.analysis.ckb.SoraniStemFilter;
import org.apache.lucene.analysis.cz.CzechStemFilter;
import org.apache.lucene.analysis.de.GermanLightStemFilter;
import org.apache.lucene.analysis.de.GermanMinimalStemFilter;
import org.apache.lucene.analysis.el.GreekStemFilter;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.es.SpanishLightStemFilter;
import org.apache.lucene.analysis.es.SpanishPluralStemFilter;
import org.apache.lucene.analysis.fa.PersianStemFilter;
import org.apache.lucene.analysis.fi.FinnishLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchMinimalStemFilter;
import org.apache.lucene.analysis.gl.GalicianMinimalStemFilter;
import org.apache.lucene.analysis.gl.GalicianStemFilter;
import org.apache.lucene.analysis.hi.HindiStemFilter;
import org.apache.lucene.analysis.hu.HungarianLightStemFilter;
import org.apache.lucene.analysis.id.IndonesianStemFilter;
import org.apache.lucene.analysis.it.ItalianLightStemFilter;
import org.apache.lucene.analysis.lv.LatvianStemFilter;
import org.apache.lucene.analysis.no.NorwegianLightStemFilter;
import org.apache.lucene.analysis.no.NorwegianLightStemmer;
import org.apache.lucene.analysis.no.NorwegianMinimalStemFilter;
import org.apache.lucene.analysis.pt.PortugueseLightStemFilter;
import org.apache.lucene.analysis.pt.PortugueseMinimalStemFilter;
import org.apache.lucene.analysis.pt.PortugueseStemFilter;
import org.apache.lucene.analysis.ru.RussianLightStemFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.sv.SwedishLightStemFilter;
import org.apache.lucene.analysis.sv.SwedishMinimalStemFilter;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.*;

/** The stemmers by the names of Elasticsearch's {@code stemmer} and {@code snowball} filters. */
final class Stemmers {
    /** Snowball's, by its own names. */
    private static final Map<String, Supplier<SnowballStemmer>> SNOWBALL = Map.ofEntries(
        Map.entry("arabic", ArabicStemmer::new),
        Map.entry("armenian", ArmenianStemmer::new),
        Map.entry("basque", BasqueStemmer::new),
        Map.entry("catalan", CatalanStemmer::new),
        Map.entry("danish", DanishStemmer::new),
        Map.entry("dutch", DutchStemmer::new),
        Map.entry("english", EnglishStemmer::new),
        Map.entry("estonian", EstonianStemmer::new),
        Map.entry("finnish", FinnishStemmer::new),
        Map.entry("french", FrenchStemmer::new),
        Map.entry("german", GermanStemmer::new),
        Map.entry("german2", German2Stemmer::new),
        Map.entry("greek", GreekStemmer::new),
        Map.entry("hungarian", HungarianStemmer::new),
        Map.entry("irish", IrishStemmer::new),
        Map.entry("italian", ItalianStemmer::new),
        Map.entry("kp", KpStemmer::new),
        Map.entry("lithuanian", LithuanianStemmer::new),
        Map.entry("lovins", LovinsStemmer::new),
        Map.entry("norwegian", NorwegianStemmer::new),
        Map.entry("porter", PorterStemmer::new),
        Map.entry("portuguese", PortugueseStemmer::new),
        Map.entry("romanian", RomanianStemmer::new),
        Map.entry("russian", RussianStemmer::new),
        Map.entry("serbian", SerbianStemmer::new),
        Map.entry("spanish", SpanishStemmer::new),
        Map.entry("swedish", SwedishStemmer::new),
        Map.entry("tamil", TamilStemmer::new),
        Map.entry("turkish", TurkishStemmer::new));

    /** What {@code stemmer} does another way than Snowball, or knows beyond it. */
    private static final Map<String, UnaryOperator<TokenStream>> OTHER = new HashMap<>();

    static {
        OTHER.put("arabic", ArabicStemFilter::new);
        OTHER.put("bengali", BengaliStemFilter::new);
        OTHER.put("brazilian", BrazilianStemFilter::new);
        OTHER.put("bulgarian", BulgarianStemFilter::new);
        OTHER.put("czech", CzechStemFilter::new);
        OTHER.put("dutch_kp", in -> snowball(in, "kp"));
        OTHER.put("english", PorterStemFilter::new);
        OTHER.put("kstem", KStemFilter::new);
        OTHER.put("light_english", KStemFilter::new);
        OTHER.put("light_finnish", FinnishLightStemFilter::new);
        OTHER.put("light_french", FrenchLightStemFilter::new);
        OTHER.put("light_german", GermanLightStemFilter::new);
        OTHER.put("light_hungarian", HungarianLightStemFilter::new);
        OTHER.put("light_italian", ItalianLightStemFilter::new);
        OTHER.put("light_norwegian", NorwegianLightStemFilter::new);
        OTHER.put("light_nynorsk", in -> new NorwegianLightStemFilter(in, NorwegianLightStemmer.NYNORSK));
        OTHER.put("light_portuguese", PortugueseLightStemFilter::new);
        OTHER.put("light_russian", RussianLightStemFilter::new);
        OTHER.put("light_spanish", SpanishLightStemFilter::new);
        OTHER.put("light_swedish", SwedishLightStemFilter::new);
        OTHER.put("minimal_english", EnglishMinimalStemFilter::new);
        OTHER.put("minimal_french", FrenchMinimalStemFilter::new);
        OTHER.put("minimal_galician", GalicianMinimalStemFilter::new);
        OTHER.put("minimal_german", GermanMinimalStemFilter::new);
        OTHER.put("minimal_norwegian", NorwegianMinimalStemFilter::new);
        OTHER.put("minimal_nynorsk", in -> new NorwegianMinimalStemFilter(in, NorwegianLightStemmer.NYNORSK));
        OTHER.put("minimal_portuguese", PortugueseMinimalStemFilter::new);
        OTHER.put("minimal_swedish", SwedishMinimalStemFilter::new);
        OTHER.put("galician", GalicianStemFilter::new);
        OTHER.put("greek", GreekStemFilter::new);
        OTHER.put("hindi", HindiStemFilter::new);
        OTHER.put("indonesian", IndonesianStemFilter::new);
        OTHER.put("light_indonesian", in -> new IndonesianStemFilter(in, false));
        OTHER.put("latvian", LatvianStemFilter::new);
        OTHER.put("persian", PersianStemFilter::new);
        OTHER.put("porter", PorterStemFilter::new);
        OTHER.put("porter2", in -> snowball(in, "english"));
        OTHER.put("portuguese_rslp", PortugueseStemFilter::new);
        OTHER.put("possessive_english", EnglishPossessiveFilter::new);
        OTHER.put("sorani", SoraniStemFilter::new);
        OTHER.put("spanish_plural", SpanishPluralStemFilter::new);
    }

    private Stemmers() {}

    /** The filter {@code stemmer} of a language. */
    static UnaryOperator<TokenStream> stemmer(String language) {
        String name = language.toLowerCase(Locale.ROOT);
        return OTHER.containsKey(name) ? OTHER.get(name) : snowballOf(name, language);
    }

    /** The filter {@code snowball} of a language. */
    static UnaryOperator<TokenStream> snowball(String language) {
        return snowballOf(language.toLowerCase(Locale.ROOT), language);
    }

    private static UnaryOperator<TokenStream> snowballOf(String name, String asked) {
        if (!SNOWBALL.containsKey(name)) {
            throw new IllegalArgumentException("Invalid stemmer class specified: " + asked);
        }
        return in -> snowball(in, name);
    }

    private static TokenStream snowball(TokenStream in, String name) {
        return new SnowballFilter(in, SNOWBALL.get(name).get());
    }
}
